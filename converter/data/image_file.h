/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_DATA_IMAGE_FILE_H
#define DBC_CONVERTER_DATA_IMAGE_FILE_H

#include <stdint.h>

#include "base/diag.h"

/* A photo with more pixels is refused before it is decoded. */
#define IMAGE_MAX_PIXELS ((uint64_t)64 << 20)

/* 8-bit RGB, rows tightly packed from the top; owns `pixels` (malloc). */
struct image {
	uint8_t *pixels;
	uint32_t width, height;
};

/*
 * Reads a JPEG (gray, YCbCr, RGB, CMYK) or PNG (every depth, palettes,
 * interlaced; alpha is left out, of 16 bits the
 * high ones count), told apart by their first bytes. The same
 * pixels on every machine: accurate integer DCT, smooth chroma upsampling,
 * orientation tags and colour profiles are not applied. Files that are cut
 * short or damaged are errors. On -1 `img` is empty.
 */
int image_read(const char *path, struct image *img, struct diag *d);
/* RGB, 8 bits; written whole or not at all. */
int image_write_png(const char *path, const struct image *img, struct diag *d);
void image_free(struct image *img);

#endif
