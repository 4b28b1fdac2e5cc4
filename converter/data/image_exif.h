/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_DATA_IMAGE_EXIF_H
#define DBC_CONVERTER_DATA_IMAGE_EXIF_H

#include <stddef.h>
#include <stdint.h>

#include "converter/data/image_file.h"

/*
 * The orientation in Exif data (a TIFF header and its first directory, with or
 * without "Exif\0\0" before it): 1 to 8, tag 0x0112 of CIPA DC-008, section
 * 4.6.4. 1, upright, where there is none or the data are damaged.
 */
int exif_orientation(const uint8_t *bytes, size_t count);

/* Turns the pixels upright. -1: out of memory. */
int image_orient(struct image *img, int orientation);

#endif
