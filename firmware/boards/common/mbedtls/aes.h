// What MicroPython's cryptolib calls of Mbed TLS, which its source comes without: as there, for keys of 128 and 256
// bits. The implementation is ours: aes.c.

#ifndef EMBER_MBEDTLS_AES_H
#define EMBER_MBEDTLS_AES_H

#include <stddef.h>
#include <stdint.h>

#define MBEDTLS_AES_ENCRYPT 1
#define MBEDTLS_AES_DECRYPT 0

typedef struct {
    uint32_t rounds;
    uint32_t keys[15][4];       // one for each round, and one before the first
} mbedtls_aes_context;

void mbedtls_aes_init(mbedtls_aes_context *aes);
int mbedtls_aes_setkey_enc(mbedtls_aes_context *aes, const uint8_t *key, unsigned bits);
int mbedtls_aes_setkey_dec(mbedtls_aes_context *aes, const uint8_t *key, unsigned bits);

// Input and output may be the same. The vector, the counter, and what is left of the counter's last block (stream, from
// *used on) are left as the next call needs them.
int mbedtls_aes_crypt_ecb(mbedtls_aes_context *aes, int mode, const uint8_t in[16], uint8_t out[16]);
int mbedtls_aes_crypt_cbc(mbedtls_aes_context *aes, int mode, size_t length, uint8_t vector[16], const uint8_t *in,
    uint8_t *out);
int mbedtls_aes_crypt_ctr(mbedtls_aes_context *aes, size_t length, size_t *used, uint8_t counter[16],
    uint8_t stream[16], const uint8_t *in, uint8_t *out);

#endif
