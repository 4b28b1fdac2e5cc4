/* SPDX-License-Identifier: Apache-2.0 */
/* Windows bitmaps: BITMAPFILEHEADER, then BITMAPINFOHEADER or one of its longer
 * forms (V2 to V5), a palette, and rows of whole 32-bit words. */
#include <stdbool.h>
#include <string.h>

#include "converter/data/image_formats.h"

#define FILE_HEADER 14
#define INFO_HEADER 40
#define BITFIELDS 3

struct bmp {
	const uint8_t *bytes, *palette, *rows;
	size_t count, row_bytes;
	int bits;
	uint32_t colors; /* of the palette */
	bool top_down;
};

static uint32_t get(const uint8_t *p, int bytes)
{
	uint32_t n = 0;

	for (int i = bytes; i-- > 0;)
		n = n << 8 | p[i];
	return n;
}

static int unsupported(const char *name, const char *what, struct diag *d)
{
	diag_error(d, "%s: is a BMP %s, which is not read", name, what);
	diag_hint(d, "convert it to PNG");
	return -1;
}

/* 32 bits may say where their colors lie; the usual place is read. */
static bool has_usual_masks(const struct bmp *b)
{
	const uint8_t *mask = b->bytes + FILE_HEADER + INFO_HEADER;

	return b->bits == 32 && b->count >= FILE_HEADER + INFO_HEADER + 12 &&
	       get(mask, 4) == 0xff0000 && get(mask + 4, 4) == 0xff00 &&
	       get(mask + 8, 4) == 0xff;
}

static int read_format(struct bmp *b, const char *name, struct diag *d)
{
	const uint8_t *info = b->bytes + FILE_HEADER;
	uint32_t compression = get(info + 16, 4);

	b->bits = (int)get(info + 14, 2);
	if (b->bits != 1 && b->bits != 4 && b->bits != 8 && b->bits != 24 &&
	    b->bits != 32)
		return unsupported(name, "of an unusual depth", d);
	if (compression && !(compression == BITFIELDS && has_usual_masks(b)))
		return unsupported(name,
				   compression == BITFIELDS ?
					   "with an unusual order of colors" :
					   "that is compressed",
				   d);
	return 0;
}

static int cut_short(const char *name, struct diag *d)
{
	return diag_error(d, "%s: is damaged: cut short", name);
}

static int read_palette(struct bmp *b, const char *name, struct diag *d)
{
	const uint8_t *info = b->bytes + FILE_HEADER;
	size_t at = FILE_HEADER + (size_t)get(info, 4);
	uint32_t most = 1u << b->bits;

	b->colors = get(info + 32, 4);
	if (!b->colors || b->colors > most)
		b->colors = most;
	b->palette = b->bytes + at;
	return b->count - at < 4u * b->colors ? cut_short(name, d) : 0;
}

static int read_header(struct bmp *b, const char *name, struct image *img,
		       struct diag *d)
{
	const uint8_t *info = b->bytes + FILE_HEADER;
	int64_t height;
	size_t at;

	if (b->count < FILE_HEADER + INFO_HEADER)
		return cut_short(name, d);
	if (get(info, 4) < INFO_HEADER)
		return unsupported(name, "of OS/2", d);
	if (get(info, 4) > b->count - FILE_HEADER)
		return cut_short(name, d);
	height = (int32_t)get(info + 8, 4);
	b->top_down = height < 0;
	height = b->top_down ? -height : height;
	if (read_format(b, name, d) ||
	    image_check_size(name, get(info + 4, 4), (uint64_t)height, d) ||
	    (b->bits <= 8 && read_palette(b, name, d)))
		return -1;
	img->width = get(info + 4, 4);
	img->height = (uint32_t)height;
	b->row_bytes = ((size_t)img->width * (size_t)b->bits + 31) / 32 * 4;
	at = get(b->bytes + 10, 4);
	if (at > b->count || b->count - at < b->row_bytes * img->height)
		return cut_short(name, d);
	b->rows = b->bytes + at;
	return 0;
}

/* Colors are stored as blue, green, red. An index past the palette is black. */
static void read_pixel(const struct bmp *b, const uint8_t *row, uint32_t x,
		       uint8_t *out)
{
	static const uint8_t black[3] = { 0, 0, 0 };
	const uint8_t *from;

	if (b->bits > 8) {
		from = row + (size_t)x * (size_t)(b->bits / 8);
	} else {
		uint32_t bit = x * (uint32_t)b->bits;
		uint32_t index = row[bit / 8] >>
					 (8 - (uint32_t)b->bits - bit % 8) &
				 ((1u << b->bits) - 1);

		from = index < b->colors ? b->palette + 4 * (size_t)index :
					   black;
	}
	out[0] = from[2];
	out[1] = from[1];
	out[2] = from[0];
}

int image_decode_bmp(const char *name, const uint8_t *bytes, size_t count,
		     struct image *img, int *orientation, struct diag *d)
{
	struct bmp b = { .bytes = bytes, .count = count };
	uint8_t *out;

	*orientation = 1;
	if (read_header(&b, name, img, d) || image_alloc(name, img, d))
		return -1;
	out = img->pixels;
	for (uint32_t y = 0; y < img->height; y++) {
		uint32_t at = b.top_down ? y : img->height - 1 - y;
		const uint8_t *row = b.rows + (size_t)at * b.row_bytes;

		for (uint32_t x = 0; x < img->width; x++, out += 3)
			read_pixel(&b, row, x, out);
	}
	return 0;
}
