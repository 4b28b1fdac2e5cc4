/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/draw.h"

#include <ctype.h>
#include <string.h>

#define GLYPH_W 3
#define GLYPH_H 5

/* A 3x5 font: five rows of three bits, the top row first. */
static const struct {
	char c;
	const char *rows; /* octal digits */
} font[] = {
	{ '0', "75557" }, { '1', "26227" }, { '2', "71747" }, { '3', "71717" },
	{ '4', "55711" }, { '5', "74717" }, { '6', "74757" }, { '7', "71122" },
	{ '8', "75757" }, { '9', "75717" }, { '.', "00002" }, { '-', "00700" },
	{ '_', "00007" }, { 'A', "25755" }, { 'B', "65656" }, { 'C', "34443" },
	{ 'D', "65556" }, { 'E', "74647" }, { 'F', "74644" }, { 'G', "34553" },
	{ 'H', "55755" }, { 'I', "72227" }, { 'J', "11152" }, { 'K', "55655" },
	{ 'L', "44447" }, { 'M', "57755" }, { 'N', "65555" }, { 'O', "25552" },
	{ 'P', "65644" }, { 'Q', "25563" }, { 'R', "65655" }, { 'S', "34216" },
	{ 'T', "72222" }, { 'U', "55557" }, { 'V', "55552" }, { 'W', "55775" },
	{ 'X', "55255" }, { 'Y', "55222" }, { 'Z', "71247" },
};

static const uint8_t palette[][3] = {
	{ 255, 64, 64 },  { 64, 200, 64 }, { 80, 120, 255 }, { 255, 200, 0 },
	{ 255, 80, 255 }, { 0, 220, 220 }, { 255, 140, 40 }, { 160, 255, 80 },
};

static void fill(struct image *img, int x0, int y0, int x1, int y1,
		 const uint8_t *color)
{
	x0 = x0 < 0 ? 0 : x0;
	y0 = y0 < 0 ? 0 : y0;
	x1 = x1 > (int)img->width ? (int)img->width : x1;
	y1 = y1 > (int)img->height ? (int)img->height : y1;
	for (int y = y0; y < y1; y++)
		for (int x = x0; x < x1; x++)
			memcpy(img->pixels +
				       3 * ((size_t)y * img->width + (size_t)x),
			       color, 3);
}

static void frame(struct image *img, int x0, int y0, int x1, int y1, int thick,
		  const uint8_t *color)
{
	fill(img, x0, y0, x1, y0 + thick, color);
	fill(img, x0, y1 - thick, x1, y1, color);
	fill(img, x0, y0, x0 + thick, y1, color);
	fill(img, x1 - thick, y0, x1, y1, color);
}

static const char *glyph(char c)
{
	for (size_t i = 0; i < sizeof(font) / sizeof(*font); i++)
		if (font[i].c == toupper((unsigned char)c))
			return font[i].rows;
	return NULL;
}

static void label(struct image *img, int x, int y, int size, const char *text,
		  const uint8_t *color)
{
	static const uint8_t black[3] = { 0, 0, 0 };
	int step = (GLYPH_W + 1) * size;

	fill(img, x, y, x + (int)strlen(text) * step + size,
	     y + (GLYPH_H + 2) * size, color);
	for (; *text; text++, x += step) {
		const char *rows = glyph(*text);

		for (int r = 0; rows && r < GLYPH_H; r++)
			for (int k = 0; k < GLYPH_W; k++) {
				int at = x + (k + 1) * size;
				int top = y + (r + 1) * size;

				if ((rows[r] - '0') & 4 >> k)
					fill(img, at, top, at + size,
					     top + size, black);
			}
	}
}

void draw_detections(struct image *img, const struct dbrt_detection *list,
		     int count, const char *const *labels)
{
	uint32_t longest = img->width > img->height ? img->width : img->height;
	int thick = (int)(longest / 300) + 1, size = (int)(longest / 400) + 1;

	for (int i = count - 1; i >= 0; i--) {
		const uint8_t *color =
			palette[list[i].class_id %
				(sizeof(palette) / sizeof(*palette))];
		int x0 = (int)list[i].x1, y0 = (int)list[i].y1;
		int top = y0 - (GLYPH_H + 2) * size;

		frame(img, x0, y0, (int)list[i].x2 + 1, (int)list[i].y2 + 1,
		      thick, color);
		if (*labels[i])
			label(img, x0, top < 0 ? y0 : top, size, labels[i],
			      color);
	}
}
