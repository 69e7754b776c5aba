// What the parts of a board have from each other.

#include <stdint.h>

enum { DISK_BLOCK = 4096, DISK_BLOCKS = 96 };

extern uint8_t stack_start[], stack_end[];

int main(void);
void board_init(void);        // the clock runs
uint64_t board_microseconds(void);
uint32_t board_ticks(void);   // of the clock
void board_reset(void);       // does not return
