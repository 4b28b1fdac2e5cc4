/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_DATA_IMAGE_FILE_H
#define DBC_CONVERTER_DATA_IMAGE_FILE_H

#include <stdbool.h>
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
 * Reads a JPEG (gray, YCbCr, RGB, CMYK), a PNG (every depth, palettes,
 * interlaced), a WebP or a BMP; the first bytes decide. The picture is turned
 * upright by its Exif orientation. Alpha is ignored, and of 16 bits the high
 * byte is used. The pixels are the same on every machine: accurate integer DCT,
 * smooth chroma upsampling, no color profiles. Truncated or damaged files are
 * errors. On -1 `img` is empty.
 */
int image_read(const char *path, struct image *img, struct diag *d);
/* Whether the file begins as one of these formats: a quick look. */
int image_check(const char *path, struct diag *d);
/* The endings of names that image_read() is for, NULL at the end. */
extern const char *const image_endings[];
/* Whether a name has one of them, in upper or lower case. */
bool image_file_name(const char *path);
void image_free(struct image *img);

#endif
