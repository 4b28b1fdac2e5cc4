/* SPDX-License-Identifier: Apache-2.0 */
#include "testdata/doorbell/figures.h"

static const struct color wood = { .33f, .22f, .13f };
static const struct color leaf = { .1f, .22f, .06f };
static const struct color stone = { .42f, .41f, .39f };
static const struct color black = { .04f, .04f, .045f };

static struct color any_color(struct dice *d)
{
	return color_of(dice_in(d, .05f, .7f), dice_in(d, .05f, .7f),
			dice_in(d, .05f, .7f));
}

static void draw_bin(struct canvas *c, const struct figure *f, struct dice *d)
{
	float h = f->size, w = h * dice_in(d, .28f, .36f);
	struct color body = dice_chance(d, .5f) ? color_of(.07f, .12f, .08f) :
						  any_color(d);
	struct point p[4] = { at(f->x - w, f->ground - .9f * h),
			      at(f->x + w, f->ground - .9f * h),
			      at(f->x + w * .8f, f->ground),
			      at(f->x - w * .8f, f->ground) };

	paint_polygon(c, p, 4, body);
	paint_box(c, f->x - w * 1.08f, f->ground - h, f->x + w * 1.08f,
		  f->ground - .87f * h, .03f * h, color_scaled(body, .7f));
	paint_ellipse(c, at(f->x + w * .6f, f->ground - .08f * h), .08f * h,
		      .08f * h, 0, black);
}

static void draw_tree(struct canvas *c, const struct figure *f, struct dice *d)
{
	float h = f->size * 1.3f, r = h * dice_in(d, .2f, .3f);
	struct color green = color_varied(d, leaf, .4f);

	paint_capsule(c, at(f->x, f->ground), .05f * h,
		      at(f->x, f->ground - .7f * h), .035f * h, wood);
	for (int i = 0; i < 5; i++)
		paint_ellipse(c,
			      at(f->x + dice_in(d, -.7f, .7f) * r,
				 f->ground - h + r * dice_in(d, .6f, 1.6f)),
			      r * .8f, r * .7f, 0,
			      color_varied(d, green, .15f));
}

static void draw_bush(struct canvas *c, const struct figure *f, struct dice *d)
{
	float h = f->size * .6f;
	struct color green = color_varied(d, leaf, .4f);

	for (int i = 0; i < 7; i++)
		paint_ellipse(c,
			      at(f->x + dice_in(d, -.9f, .9f) * h,
				 f->ground - h * dice_in(d, .25f, .7f)),
			      h * .45f, h * .38f, 0,
			      color_varied(d, green, .2f));
}

/* A post with a round top, about as tall as somebody. */
static void draw_pillar(struct canvas *c, const struct figure *f,
			struct dice *d)
{
	float h = f->size, w = h * dice_in(d, .07f, .13f);
	struct color body =
		color_varied(d, dice_chance(d, .5f) ? stone : wood, .2f);

	paint_box(c, f->x - w * 1.5f, f->ground - .08f * h, f->x + w * 1.5f,
		  f->ground, 1, color_scaled(body, .8f));
	paint_box(c, f->x - w, f->ground - .85f * h, f->x + w, f->ground, 1,
		  body);
	paint_ellipse(c, at(f->x, f->ground - .9f * h), w * .95f, .085f * h, 0,
		      body);
}

static void draw_street_lamp(struct canvas *c, const struct figure *f,
			     struct dice *d)
{
	float h = f->size * 1.6f;
	float side = dice_chance(d, .5f) ? 1 : -1;
	struct point top = at(f->x, f->ground - h);

	paint_capsule(c, at(f->x, f->ground), .018f * h + .5f, top,
		      .01f * h + .5f, black);
	paint_capsule(c, top, .01f * h + .4f, at(f->x + side * .15f * h, top.y),
		      .02f * h, black);
	if (f->night)
		paint_glow(c, at(f->x + side * .15f * h, top.y), .4f * h,
			   .4f * h, .7f, color_of(1.2f, 1.0f, .6f));
}

static void draw_mailbox(struct canvas *c, const struct figure *f,
			 struct dice *d)
{
	float h = f->size * .7f;
	struct color body = any_color(d);

	paint_capsule(c, at(f->x, f->ground), .04f * h,
		      at(f->x, f->ground - .8f * h), .04f * h, wood);
	paint_box(c, f->x - .25f * h, f->ground - h, f->x + .25f * h,
		  f->ground - .68f * h, .1f * h, body);
}

static void draw_pot(struct canvas *c, const struct figure *f, struct dice *d)
{
	float h = f->size * .6f;
	struct point p[4] = { at(f->x - .24f * h, f->ground - .45f * h),
			      at(f->x + .24f * h, f->ground - .45f * h),
			      at(f->x + .17f * h, f->ground),
			      at(f->x - .17f * h, f->ground) };

	for (int i = 0; i < 7; i++)
		paint_capsule(c, at(f->x, f->ground - .4f * h), .03f * h,
			      at(f->x + dice_in(d, -.5f, .5f) * h,
				 f->ground - dice_in(d, .7f, 1.1f) * h),
			      .07f * h, color_varied(d, leaf, .4f));
	paint_polygon(c, p, 4, color_varied(d, color_of(.45f, .2f, .12f), .3f));
}

static void draw_parcel(struct canvas *c, const struct figure *f,
			struct dice *d)
{
	float h = f->size * dice_in(d, .2f, .4f), w = h * dice_in(d, .7f, 1.6f);
	struct color card = color_varied(d, color_of(.48f, .34f, .2f), .2f);

	paint_box(c, f->x - w, f->ground - h, f->x + w, f->ground, .5f, card);
	paint_box(c, f->x - .1f * w, f->ground - h, f->x + .1f * w, f->ground,
		  0, color_scaled(card, 1.3f));
}

static void draw_rocks(struct canvas *c, const struct figure *f, struct dice *d)
{
	float h = f->size * .35f;

	for (int i = 0; i < 3; i++)
		paint_ellipse(c,
			      at(f->x + dice_in(d, -.8f, .8f) * h,
				 f->ground - .3f * h),
			      h * dice_in(d, .4f, .8f),
			      h * dice_in(d, .3f, .5f), 0,
			      color_varied(d, stone, .25f));
}

/* Two wheels, as a car has, but no car. */
static void draw_bicycle(struct canvas *c, const struct figure *f,
			 struct dice *d)
{
	float h = f->size * .6f, r = .33f * h, t = .025f * h + .35f;
	struct color frame = any_color(d);
	struct point rear = at(f->x - .55f * h, f->ground - r);
	struct point front = at(f->x + .55f * h, f->ground - r);
	struct point crank = at(f->x - .05f * h, f->ground - r);
	struct point seat = at(f->x - .2f * h, f->ground - .95f * h);
	struct point bar = at(f->x + .38f * h, f->ground - h);

	for (int i = 0; i < 16; i++) {
		float a = (float)i * PI / 8, b = a + PI / 8;

		paint_capsule(
			c, at(rear.x + r * cosine(a), rear.y + r * sine(a)), t,
			at(rear.x + r * cosine(b), rear.y + r * sine(b)), t,
			black);
		paint_capsule(
			c, at(front.x + r * cosine(a), front.y + r * sine(a)),
			t, at(front.x + r * cosine(b), front.y + r * sine(b)),
			t, black);
	}
	paint_capsule(c, rear, t, crank, t, frame);
	paint_capsule(c, rear, t, seat, t, frame);
	paint_capsule(c, crank, t, seat, t, frame);
	paint_capsule(c, crank, t, bar, t, frame);
	paint_capsule(c, seat, t, bar, t, frame);
	paint_capsule(c, front, t, bar, t, frame);
	paint_capsule(c, at(seat.x - .08f * h, seat.y), t * 1.5f,
		      at(seat.x + .08f * h, seat.y), t * 1.5f, black);
}

/* A shed with a window. */
static void draw_shed(struct canvas *c, const struct figure *f, struct dice *d)
{
	float h = f->size * 1.1f, w = h * dice_in(d, .5f, .8f);
	struct color wall = dice_chance(d, .5f) ? color_varied(d, wood, .3f) :
						  any_color(d);
	struct point roof[3] = { at(f->x - w * 1.1f, f->ground - .75f * h),
				 at(f->x, f->ground - h),
				 at(f->x + w * 1.1f, f->ground - .75f * h) };

	paint_box(c, f->x - w, f->ground - .76f * h, f->x + w, f->ground, 0,
		  wall);
	for (int i = 1; i < 5; i++) {
		float x = f->x - w + .4f * w * (float)i;

		paint_capsule(c, at(x, f->ground - .74f * h), .4f,
			      at(x, f->ground), .4f, color_scaled(wall, .7f));
	}
	paint_polygon(c, roof, 3, color_scaled(any_color(d), .5f));
	paint_box(c, f->x - .6f * w, f->ground - .6f * h, f->x - .1f * w,
		  f->ground - .35f * h, 0, color_of(.12f, .15f, .18f));
}

static void draw_bench(struct canvas *c, const struct figure *f, struct dice *d)
{
	float h = f->size * .5f, w = h * dice_in(d, .9f, 1.3f);
	struct color plank = color_varied(d, wood, .4f);

	for (int i = 0; i < 2; i++) {
		float s = i ? .85f : -.85f;

		paint_capsule(c, at(f->x + s * w, f->ground), .04f * h,
			      at(f->x + s * w, f->ground - .9f * h), .04f * h,
			      black);
	}
	paint_box(c, f->x - w, f->ground - .5f * h, f->x + w,
		  f->ground - .4f * h, 0, plank);
	paint_box(c, f->x - w, f->ground - .95f * h, f->x + w,
		  f->ground - .7f * h, 0, plank);
}

/* A coat or a sheet that hangs: the outline of a trunk, no head, no legs. */
static void draw_cloth(struct canvas *c, const struct figure *f, struct dice *d)
{
	float h = f->size, w = h * dice_in(d, .12f, .2f);
	struct point p[5] = { at(f->x, f->ground - .95f * h),
			      at(f->x + w * .8f, f->ground - .85f * h),
			      at(f->x + w, f->ground - .35f * h),
			      at(f->x - w, f->ground - .35f * h),
			      at(f->x - w * .8f, f->ground - .85f * h) };

	paint_capsule(c, at(f->x - 2 * w, f->ground - .96f * h), .6f,
		      at(f->x + 2 * w, f->ground - .96f * h), .6f, black);
	paint_polygon(c, p, 5, any_color(d));
}

static void draw_cushion(struct canvas *c, const struct figure *f,
			 struct dice *d)
{
	float h = f->size * .3f;

	paint_box(c, f->x - h, f->ground - .8f * h, f->x + h, f->ground,
		  .35f * h, any_color(d));
}

void draw_clutter(struct canvas *c, const struct figure *f)
{
	static void (*const all[])(struct canvas *, const struct figure *,
				   struct dice *) = {
		draw_bin,         draw_tree,    draw_bush,   draw_pillar,
		draw_street_lamp, draw_pot,     draw_parcel, draw_mailbox,
		draw_rocks,       draw_shed,    draw_bench,  draw_cloth,
		draw_bicycle,     draw_cushion,
	};
	struct dice d = dice_of(f->seed);

	all[dice_below(&d, (int)(sizeof(all) / sizeof(*all)))](c, f, &d);
}

void draw_foreground(struct canvas *c, const struct figure *f)
{
	struct dice d = dice_of(f->seed);
	float h = (float)c->height;
	int kind = dice_below(&d, 3);
	struct color wall = color_varied(&d, color_of(.5f, .48f, .44f), .5f);

	if (kind == 0) { /* a post */
		paint_box(c, f->x - 6, -2, f->x + 6, h + 2, 0, wall);
	} else if (kind == 1) { /* a rail */
		float y = h * dice_in(&d, .86f, .95f);

		paint_box(c, -2, y, (float)c->width + 2, y + 6, 0, wall);
		for (int i = 0; i < 12; i++) {
			float x = 10 + 28 * (float)i;

			paint_box(c, x, y, x + 5, h + 2, 0, wall);
		}
	} else { /* leaves in a corner */
		float x = dice_chance(&d, .5f) ? 0 : (float)c->width;

		for (int i = 0; i < 14; i++)
			paint_ellipse(c,
				      at(x + dice_in(&d, -50, 50),
					 dice_in(&d, -10, 60)),
				      dice_in(&d, 6, 14), dice_in(&d, 3, 7),
				      dice_in(&d, -2, 2),
				      color_varied(&d, leaf, .4f));
	}
}
