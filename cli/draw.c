/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/draw.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
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

/* ---- Places of labels ---- */

struct rectangle {
	int x0, y0, x1, y1;
};

static int shared_area(const struct rectangle *a, const struct rectangle *b)
{
	int w = (a->x1 < b->x1 ? a->x1 : b->x1) -
		(a->x0 > b->x0 ? a->x0 : b->x0);
	int h = (a->y1 < b->y1 ? a->y1 : b->y1) -
		(a->y0 > b->y0 ? a->y0 : b->y0);

	return w > 0 && h > 0 ? w * h : 0;
}

/* A coordinate of a box in pixels, also where the model gave no number. */
static int pixel(float x, uint32_t size)
{
	if (!(x > 0))
		return 0;
	return x < (float)size ? (int)x : (int)size;
}

static struct rectangle box_of(const struct image *img,
			       const struct draw_item *item)
{
	return (struct rectangle){ pixel(item->box.x1, img->width),
				   pixel(item->box.y1, img->height),
				   pixel(item->box.x2, img->width) + 1,
				   pixel(item->box.y2, img->height) + 1 };
}

struct labels {
	struct image *img;
	const struct draw_item *list;
	struct rectangle *boxes, *taken;
	int count, taken_count;
	int size; /* of a pixel of the font, at most */
};

static int text_width(const char *text, int size)
{
	return (int)strlen(text) * (GLYPH_W + 1) * size + size;
}

/* Small boxes have small labels: about as wide as the box. */
static int font_of(const struct labels *l, int i)
{
	int width = l->boxes[i].x1 - l->boxes[i].x0, size = l->size;

	while (size > 1 &&
	       text_width(l->list[i].label, size) > width + width / 2)
		size--;
	return size;
}

static struct rectangle label_at(const struct labels *l, int i, int place)
{
	const struct rectangle *b = &l->boxes[i];
	int size = font_of(l, i);
	int w = text_width(l->list[i].label, size);
	int h = (GLYPH_H + 2) * size;
	/* above, below, inside at the top, inside at the bottom; left, right */
	const int tops[] = { b->y0 - h, b->y1, b->y0, b->y1 - h };
	int x = place % 2 ? b->x1 - w : b->x0;
	int y = tops[place / 2];

	return (struct rectangle){ x, y, x + w, y + h };
}

/* Pixels of other boxes and key points under it; INT_MAX outside of the photo
 * or on a label. Inside of its own box it hides what it names. */
static int cost_of(const struct labels *l, int i, const struct rectangle *r)
{
	int cost = shared_area(r, &l->boxes[i]);

	if (r->x0 < 0 || r->y0 < 0 || r->x1 > (int)l->img->width ||
	    r->y1 > (int)l->img->height)
		return INT_MAX;
	for (int k = 0; k < l->taken_count; k++)
		if (shared_area(r, &l->taken[k]))
			return INT_MAX;
	for (int k = 0; k < l->count; k++)
		if (k != i && cost < INT_MAX / 2)
			cost += shared_area(r, &l->boxes[k]);
	return cost;
}

static void place_label(struct labels *l, int i, const uint8_t *color)
{
	struct rectangle best = { 0 };
	int least = INT_MAX;

	for (int place = 0; place < 8; place++) {
		struct rectangle r = label_at(l, i, place);
		int cost = cost_of(l, i, &r);

		if (cost < least) {
			least = cost;
			best = r;
		}
	}
	if (least == INT_MAX)
		return;
	l->taken[l->taken_count++] = best;
	label(l->img, best.x0, best.y0, font_of(l, i), l->list[i].label, color);
}

/* ---- The whole ---- */

static const uint8_t *color_of(const struct draw_item *item)
{
	return palette[item->box.class_id %
		       (sizeof(palette) / sizeof(*palette))];
}

/* A tenth of the box at most, one pixel at least. */
static int thickness(const struct image *img, const struct rectangle *b)
{
	uint32_t longest = img->width > img->height ? img->width : img->height;
	int thick = (int)(longest / 300) + 1;
	int side = b->x1 - b->x0 < b->y1 - b->y0 ? b->x1 - b->x0 :
						   b->y1 - b->y0;

	thick = thick < side / 20 ? thick : side / 20;
	return thick < 1 ? 1 : thick;
}

static void draw_points(struct image *img, const struct draw_item *item,
			int thick, const uint8_t *color)
{
	for (int k = 0; k < item->point_count; k++) {
		float x = item->points[2 * k], y = item->points[2 * k + 1];
		int left, top;

		if (!(x >= 0 && x < (float)img->width && y >= 0 &&
		      y < (float)img->height))
			continue;
		left = (int)x - thick / 2;
		top = (int)y - thick / 2;
		fill(img, left, top, left + thick + 1, top + thick + 1, color);
	}
}

void draw_detections(struct image *img, const struct draw_item *list, int count)
{
	uint32_t longest = img->width > img->height ? img->width : img->height;
	struct labels l = { .img = img,
			    .list = list,
			    .count = count,
			    .size = (int)(longest / 400) + 1 };

	l.boxes = calloc((size_t)count + 1, sizeof(*l.boxes));
	l.taken = calloc((size_t)count + 1, sizeof(*l.taken));
	for (int i = 0; l.boxes && i < count; i++)
		l.boxes[i] = box_of(img, &list[i]);
	for (int i = count - 1; l.boxes && i >= 0; i--) {
		const struct rectangle *b = &l.boxes[i];
		int thick = thickness(img, b);

		frame(img, b->x0, b->y0, b->x1, b->y1, thick,
		      color_of(&list[i]));
		draw_points(img, &list[i], thick, color_of(&list[i]));
	}
	for (int i = 0; l.boxes && l.taken && i < count; i++)
		if (*list[i].label)
			place_label(&l, i, color_of(&list[i]));
	free(l.boxes);
	free(l.taken);
}
