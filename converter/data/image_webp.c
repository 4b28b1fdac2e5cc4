/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <webp/decode.h>

#include "converter/data/image_exif.h"
#include "converter/data/image_formats.h"

#define CHUNK_HEADER 8

/* The orientation in the chunk EXIF, which follows the picture's own. */
static int find_orientation(const uint8_t *bytes, size_t count)
{
	size_t at = 12; /* "RIFF", size, "WEBP" */

	while (at < count && count - at >= CHUNK_HEADER) {
		const uint8_t *p = bytes + at;
		size_t n = (size_t)p[4] | (size_t)p[5] << 8 |
			   (size_t)p[6] << 16 | (size_t)p[7] << 24;

		at += CHUNK_HEADER;
		if (n > count - at)
			return 1;
		if (!memcmp(p, "EXIF", 4))
			return exif_orientation(bytes + at, n);
		at += n + n % 2;
	}
	return 1;
}

int image_decode_webp(const char *name, const uint8_t *bytes, size_t count,
		      struct image *img, int *orientation, struct diag *d)
{
	WebPBitstreamFeatures f;

	if (WebPGetFeatures(bytes, count, &f) != VP8_STATUS_OK)
		return diag_error(d, "%s: is damaged: no WebP picture", name);
	if (f.has_animation) {
		diag_error(d, "%s: is an animated WebP, which is not read",
			   name);
		diag_hint(d, "convert one of its pictures to PNG");
		return -1;
	}
	if (image_check_size(name, (uint64_t)f.width, (uint64_t)f.height, d))
		return -1;
	img->width = (uint32_t)f.width;
	img->height = (uint32_t)f.height;
	if (image_alloc(name, img, d))
		return -1;
	/* alpha is left out, not blended */
	if (!WebPDecodeRGBInto(bytes, count, img->pixels,
			       (size_t)img->width * img->height * 3,
			       3 * f.width))
		return diag_error(d, "%s: is damaged: cut short", name);
	*orientation = find_orientation(bytes, count);
	return 0;
}
