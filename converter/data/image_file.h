/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_DATA_IMAGE_FILE_H
#define DBC_CONVERTER_DATA_IMAGE_FILE_H

#include <stdint.h>

#include "base/diag.h"

/* A photo with more pixels is an error before it is decoded. */
#define IMAGE_MAX_PIXELS ((uint64_t)64 << 20)

/* 8-bit RGB, rows tightly packed from the top; owns `pixels` (malloc). */
struct image {
	uint8_t *pixels;
	uint32_t width, height;
};

/*
 * Reads a JPEG (gray, YCbCr, RGB, CMYK) or a PNG (every depth, palettes,
 * interlaced); the first bytes decide. Alpha is ignored, and of 16 bits the
 * high byte is used. The pixels are the same on every machine: accurate integer
 * DCT, smooth chroma upsampling, no orientation tags and no color profiles.
 * Truncated or damaged files are errors. On -1 `img` is empty.
 */
int image_read(const char *path, struct image *img, struct diag *d);
/* Writes RGB with 8 bits; the file is written whole or not at all. */
int image_write_png(const char *path, const struct image *img, struct diag *d);
void image_free(struct image *img);

#endif
