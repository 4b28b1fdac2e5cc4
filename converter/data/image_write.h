/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_DATA_IMAGE_WRITE_H
#define DBC_CONVERTER_DATA_IMAGE_WRITE_H

#include <stdbool.h>

#include "converter/data/image_file.h"

/* Whether the name ends in .png, .jpg or .jpeg, which image_write() writes. */
bool image_write_name(const char *path);
/* Writes RGB with 8 bits, as a JPEG or a PNG by the name; the file is written
 * whole or not at all. */
int image_write(const char *path, const struct image *img, struct diag *d);

#endif
