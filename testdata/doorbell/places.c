/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "testdata/doorbell/figures.h"

static struct color wall_color(struct dice *d)
{
	static const struct color walls[] = {
		{ .62f, .58f, .5f }, { .45f, .22f, .16f }, { .7f, .7f, .68f },
		{ .4f, .45f, .5f },  { .3f, .28f, .25f },
	};

	return color_varied(d, walls[dice_below(d, 5)], .25f);
}

/* Blotches and streaks over rows y1 to y2. */
static void roughen(struct canvas *c, float y1, float y2, float by,
		    struct dice *d)
{
	uint32_t seed = dice_bits(d);
	float fx = dice_in(d, .02f, .12f), fy = dice_in(d, .04f, .3f);

	for (int y = y1 > 0 ? (int)y1 : 0; y < (int)y2 && y < c->height; y++)
		for (int x = 0; x < c->width; x++) {
			float *p = c->rgb + 3 * ((size_t)y * (size_t)c->width +
						 (size_t)x);
			float n = noise_at(seed, (float)x * fx, (float)y * fy) +
				  .5f * noise_at(seed + 1, (float)x * fx * 4,
						 (float)y * fy * 4) -
				  .75f;

			for (int k = 0; k < 3; k++)
				p[k] *= 1 + by * n;
		}
}

static void draw_sky(struct canvas *c, float horizon, bool night,
		     struct dice *d)
{
	struct color top = night ? color_of(.03f, .04f, .08f) :
				   color_of(.4f, .55f, .8f);
	struct color low = night ? color_of(.08f, .08f, .12f) :
				   color_of(.75f, .8f, .85f);

	if (!night && dice_chance(d, .5f)) /* overcast */
		top = low = color_varied(d, color_of(.7f, .71f, .73f), .1f);
	for (int i = 0; i < 12; i++) {
		float t = (float)i / 12;

		paint_box(c, -2, horizon * t - 1, (float)c->width + 2,
			  horizon * (t + .1f) + 1, 0, color_mixed(top, low, t));
	}
	roughen(c, 0, horizon, .25f, d);
}

static void draw_window(struct canvas *c, float x, float y, float w, float h,
			bool lit)
{
	struct color glass = lit ? color_of(1.2f, .95f, .5f) :
				   color_of(.14f, .17f, .2f);

	paint_box(c, x - w - 1, y - h - 1, x + w + 1, y + h + 1, 0,
		  color_of(.7f, .7f, .68f));
	paint_box(c, x - w, y - h, x + w, y + h, 0, glass);
	paint_box(c, x - .6f, y - h, x + .6f, y + h, 0,
		  color_of(.7f, .7f, .68f));
}

static void draw_houses(struct canvas *c, const struct place *p, struct dice *d)
{
	float x = dice_in(d, -60, 10);

	while (x < (float)c->width) {
		float w = dice_in(d, 45, 110), h = dice_in(d, 35, 90);
		float top = p->horizon - h;
		struct color wall = wall_color(d);
		struct point roof[3] = { at(x - 4, top + 1),
					 at(x + w / 2, top - dice_in(d, 5, 25)),
					 at(x + w + 4, top + 1) };

		paint_box(c, x, top, x + w, p->horizon + 4, 0, wall);
		paint_polygon(c, roof, 3,
			      color_varied(d, color_of(.25f, .15f, .12f), .4f));
		for (int i = 0; i < 2 + (w > 80); i++)
			draw_window(c, x + w * (.25f + .3f * (float)i),
				    top + .35f * h, 6, 8,
				    p->night && dice_chance(d, .4f));
		paint_box(c, x + w * .45f, p->horizon - 18, x + w * .45f + 10,
			  p->horizon + 4, 0, wall_color(d));
		x += w + dice_in(d, -4, 40);
	}
}

static void draw_hedge(struct canvas *c, float horizon, struct dice *d)
{
	float high = dice_in(d, 8, 40);
	struct color green = color_varied(d, color_of(.09f, .19f, .06f), .4f);

	for (float x = -10; x < (float)c->width + 10; x += 9)
		paint_ellipse(
			c, at(x, horizon - high * .4f + dice_in(d, -3, 3)), 12,
			high * .6f + 3, 0, color_varied(d, green, .15f));
}

static void draw_fence(struct canvas *c, float horizon, struct dice *d)
{
	float high = dice_in(d, 15, 55), step = dice_in(d, 6, 14);
	struct color plank = color_varied(d, color_of(.36f, .26f, .17f), .4f);

	for (float x = -5; x < (float)c->width; x += step)
		paint_box(c, x, horizon - high, x + step * .8f, horizon + 3, 0,
			  color_varied(d, plank, .1f));
}

static void draw_ground(struct canvas *c, float horizon, struct color color,
			struct dice *d)
{
	paint_box(c, -2, horizon, (float)c->width + 2, (float)c->height + 2, 0,
		  color);
	roughen(c, horizon, (float)c->height, dice_in(d, .15f, .7f), d);
}

/* A way from the camera to the horizon. */
static void draw_way(struct canvas *c, float horizon, struct color color,
		     float wide, struct dice *d)
{
	float x = dice_in(d, .2f, .8f) * (float)c->width;
	float end = dice_in(d, .3f, .7f) * (float)c->width;
	float h = (float)c->height;
	struct point p[4] = { at(end - wide * .1f, horizon),
			      at(end + wide * .1f, horizon),
			      at(x + wide, h + 2), at(x - wide, h + 2) };

	paint_polygon(c, p, 4, color);
}

static void draw_street(struct canvas *c, const struct place *p, struct dice *d)
{
	float y = p->horizon, h = (float)c->height;
	float road = y + dice_in(d, .02f, .2f) * (h - y);
	float far = road + dice_in(d, .4f, .8f) * (h - road);
	float w = (float)c->width;
	float gray = dice_in(d, .12f, .3f);

	draw_houses(c, p, d);
	if (dice_chance(d, .5f))
		draw_hedge(c, y, d);
	draw_ground(c, y, color_varied(d, color_of(.4f, .39f, .37f), .2f), d);
	paint_box(c, -2, road, w + 2, far, 0, color_of(gray, gray, gray));
	paint_box(c, -2, far, w + 2, far + 3, 0, color_of(.55f, .55f, .53f));
	for (float x = dice_in(d, -30, 0); x < w; x += 48)
		paint_box(c, x, (road + far) / 2 - 1, x + 24,
			  (road + far) / 2 + 1, 0, color_of(.7f, .7f, .66f));
	if (dice_chance(d, .5f))
		draw_way(c, far + 3, color_of(.35f, .33f, .3f), 50, d);
}

static void draw_garden(struct canvas *c, const struct place *p, struct dice *d)
{
	if (dice_chance(d, .5f))
		draw_houses(c, p, d);
	if (dice_chance(d, .6f))
		draw_fence(c, p->horizon, d);
	else
		draw_hedge(c, p->horizon, d);
	draw_ground(c, p->horizon,
		    color_varied(d, color_of(.16f, .25f, .08f), .35f), d);
	if (dice_chance(d, .8f))
		draw_way(c, p->horizon, color_of(.45f, .42f, .38f),
			 dice_in(d, 40, 120), d);
}

static void draw_porch(struct canvas *c, const struct place *p, struct dice *d)
{
	struct color floor = color_varied(d, color_of(.4f, .33f, .26f), .35f);
	float w = (float)c->width, h = (float)c->height;
	float edge = dice_in(d, .1f, .25f) * w;
	float step = dice_in(d, 14, 30);

	if (dice_chance(d, .6f)) {
		draw_garden(c, p, d);
	} else { /* a wall across */
		paint_box(c, -2, -2, w + 2, p->horizon + 2, 0, wall_color(d));
		roughen(c, 0, p->horizon, .4f, d);
		draw_window(c, dice_in(d, .2f, .8f) * w, p->horizon * .45f, 22,
			    26, p->night && dice_chance(d, .5f));
	}
	draw_ground(c, p->horizon + 8, floor, d);
	for (float y = p->horizon + step; y < h; y += step) {
		paint_box(c, -2, y, w + 2, y + 1.2f, 0,
			  color_scaled(floor, .6f));
		step *= 1.25f;
	}
	if (dice_chance(d, .5f)) {
		struct color side = wall_color(d);
		bool left = dice_chance(d, .5f);

		paint_box(c, left ? -2 : w - edge, -2, left ? edge : w + 2,
			  h + 2, 0, side);
	}
}

void draw_place(struct canvas *c, enum place_kind kind,
		const struct place *place, uint64_t seed)
{
	struct dice d = dice_of(seed);

	draw_sky(c, place->horizon, place->night, &d);
	if (kind == PLACE_STREET)
		draw_street(c, place, &d);
	else if (kind == PLACE_GARDEN)
		draw_garden(c, place, &d);
	else
		draw_porch(c, place, &d);
}
