/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/data/image_exif.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define TAG_ORIENTATION 0x0112
#define TYPE_SHORT 3
#define TYPE_LONG 4
#define ENTRY_BYTES 12

struct tiff {
	const uint8_t *bytes;
	size_t count;
	bool big_endian;
};

static uint32_t number_at(const struct tiff *t, size_t at, int bytes)
{
	uint32_t n = 0;

	for (int i = 0; i < bytes; i++)
		n |= (uint32_t)t->bytes[at + (size_t)i]
		     << 8 * (t->big_endian ? bytes - 1 - i : i);
	return n;
}

/* The value of one entry of a directory; 1 where it is another tag. */
static int orientation_of(const struct tiff *t, size_t at)
{
	uint32_t type = number_at(t, at + 2, 2), value;

	if (number_at(t, at, 2) != TAG_ORIENTATION ||
	    number_at(t, at + 4, 4) != 1 ||
	    (type != TYPE_SHORT && type != TYPE_LONG))
		return 1;
	value = number_at(t, at + 8, type == TYPE_SHORT ? 2 : 4);
	return value >= 1 && value <= 8 ? (int)value : 1;
}

int exif_orientation(const uint8_t *bytes, size_t count)
{
	struct tiff t = { bytes, count, false };
	size_t directory, entries;
	int found = 1;

	if (count >= 6 && !memcmp(bytes, "Exif\0", 5)) {
		t.bytes += 6;
		t.count -= 6;
	}
	if (t.count < 8)
		return 1;
	t.big_endian = t.bytes[0] == 'M';
	if (memcmp(t.bytes, t.big_endian ? "MM" : "II", 2) ||
	    number_at(&t, 2, 2) != 42)
		return 1;
	directory = number_at(&t, 4, 4);
	if (directory > t.count - 2)
		return 1;
	entries = number_at(&t, directory, 2);
	directory += 2;
	for (size_t i = 0; i < entries && found == 1; i++) {
		if (t.count - directory < (i + 1) * ENTRY_BYTES)
			break;
		found = orientation_of(&t, directory + i * ENTRY_BYTES);
	}
	return found;
}

/* ---- Pixels ---- */

/* The steps of one orientation: which way the rows and columns of the upright
 * picture run in the stored one. */
static const struct turn {
	bool transposed, flip_x, flip_y;
} turns[9] = {
	[2] = { false, true, false }, [3] = { false, true, true },
	[4] = { false, false, true }, [5] = { true, false, false },
	[6] = { true, false, true },  [7] = { true, true, true },
	[8] = { true, true, false },
};

int image_orient(struct image *img, int orientation)
{
	const struct turn *turn = &turns[orientation];
	uint32_t w = turn->transposed ? img->height : img->width;
	uint32_t h = turn->transposed ? img->width : img->height;
	uint8_t *out, *to;

	if (orientation <= 1)
		return 0;
	out = malloc((size_t)w * h * 3);
	if (!out)
		return -1;
	to = out;
	for (uint32_t y = 0; y < h; y++)
		for (uint32_t x = 0; x < w; x++, to += 3) {
			uint32_t sx = turn->transposed ? y : x;
			uint32_t sy = turn->transposed ? x : y;

			sx = turn->flip_x ? img->width - 1 - sx : sx;
			sy = turn->flip_y ? img->height - 1 - sy : sy;
			memcpy(to,
			       img->pixels + 3 * ((size_t)sy * img->width + sx),
			       3);
		}
	free(img->pixels);
	*img = (struct image){ out, w, h };
	return 0;
}
