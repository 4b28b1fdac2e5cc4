/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_DATA_IMAGE_FORMATS_H
#define DBC_CONVERTER_DATA_IMAGE_FORMATS_H

#include <stddef.h>

#include "converter/data/image_file.h"

/* What the readers of the formats share. `name` opens messages. */

/* Refuses pictures that are empty or too large. */
int image_check_size(const char *name, uint64_t width, uint64_t height,
		     struct diag *d);
/* Room for img->width * img->height pixels. */
int image_alloc(const char *name, struct image *img, struct diag *d);

/* One reader for each format, in the files image_*.c; *orientation is 1 to 8
 * as in image_exif.h. */
typedef int image_decoder(const char *name, const uint8_t *bytes, size_t count,
			  struct image *img, int *orientation, struct diag *d);
image_decoder image_decode_jpeg, image_decode_png, image_decode_webp,
	image_decode_bmp;

#endif
