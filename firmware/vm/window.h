// What convolution.c and pooling.c share: the sizes of pictures, and which of a window lies inside.

typedef struct {
    int32_t n, h, w, c, f, groups, out_h, out_w, k_h, k_w, s_h, s_w, p_h, p_w, d_h, d_w;
    int32_t in_width, out_width;  // elements of a pixel: all groups' channels
} shape;

typedef struct {
    int32_t low, high;  // low .. high - 1
} range;

// Where i * step + shift lies in 0 .. size - 1, for i in 0 .. count - 1; step > 0.
static inline range inside(int32_t step, int32_t shift, int32_t size, int32_t count) {
    range in;
    in.low = shift < 0 ? (step - 1 - shift) / step : 0;
    in.high = shift < size ? (size - 1 - shift) / step + 1 : 0;
    in.high = in.high < count ? in.high : count;
    in.low = in.low < in.high ? in.low : in.high > 0 ? in.high : 0;
    in.high = in.high > in.low ? in.high : in.low;
    return in;
}
