/* SPDX-License-Identifier: Apache-2.0 */
#include "testdata/doorbell/figures.h"

struct vehicle {
	struct canvas *c;
	struct dice dice;
	float h;      /* height, pixels */
	float facing; /* -1 or 1 */
	bool tall;    /* a van, a bus or a truck */
	bool night;
	float ground;
	struct color paint, glass, tire, trim;
};

static struct color paint_color(struct dice *d)
{
	float gray = dice_in(d, .04f, .9f);

	if (dice_chance(d, .5f))
		return color_varied(d, color_of(gray, gray, gray), .05f);
	return color_of(dice_in(d, .03f, .7f), dice_in(d, .03f, .45f),
			dice_in(d, .03f, .6f));
}

static void draw_wheel(struct vehicle *v, float x, float r)
{
	float y = v->ground - r;

	paint_ellipse(v->c, at(x, y), r * 1.18f, r * 1.15f, 0,
		      color_scaled(v->paint, .35f));
	paint_ellipse(v->c, at(x, y), r, r, 0, v->tire);
	paint_ellipse(v->c, at(x, y), r * .58f, r * .58f, 0, v->trim);
	paint_ellipse(v->c, at(x, y), r * .2f, r * .2f, 0, v->tire);
}

static void draw_lamp(struct vehicle *v, float x, float y, float r, bool front)
{
	struct color off = front ? color_of(.8f, .8f, .75f) :
				   color_of(.5f, .04f, .03f);
	struct color on = front ? color_of(2.5f, 2.4f, 2.0f) :
				  color_of(2.0f, .3f, .2f);

	paint_ellipse(v->c, at(x, y), r * 1.3f, r, 0, v->night ? on : off);
	if (v->night)
		paint_glow(v->c, at(x, y), 5 * r, 4 * r, front ? .8f : .5f, on);
}

/* From x1 (rear) to x2 (front, by facing) the glass house of the side. */
static void draw_house(struct vehicle *v, float rear, float front, float top,
		       float belt)
{
	struct dice *d = &v->dice;
	float f = v->facing, l = (front - rear) * f;
	float rake = dice_in(d, .15f, .3f) * l;
	float back = v->tall ? .02f * l : dice_in(d, .04f, .25f) * l;
	struct point shell[4] = { at(rear, belt), at(rear + f * back, top),
				  at(front - f * rake, top), at(front, belt) };
	int panes = v->tall ? 2 + dice_below(d, 4) : 2 + dice_below(d, 2);
	float inset = .035f * v->h;

	paint_polygon(v->c, shell, 4, v->paint);
	for (int i = 0; i < panes; i++) {
		float a = (float)i / (float)panes;
		float b = (float)(i + 1) / (float)panes - .05f;
		struct point low1 = point_mixed(shell[0], shell[3], a);
		struct point low2 = point_mixed(shell[0], shell[3], b);
		struct point up1 = point_mixed(shell[1], shell[2], a);
		struct point up2 = point_mixed(shell[1], shell[2], b);
		struct point pane[4] = { at(low1.x + f * inset, low1.y),
					 at(up1.x + f * inset, up1.y + inset),
					 at(up2.x, up2.y + inset),
					 at(low2.x, low2.y) };

		paint_polygon(v->c, pane, 4, v->glass);
	}
}

static void draw_aside(struct vehicle *v, float x, float length)
{
	struct dice *d = &v->dice;
	float f = v->facing, h = v->h, half = length / 2;
	float r = (v->tall ? .13f : .2f) * h * dice_in(d, .9f, 1.1f);
	float top = v->ground - h, sill = v->ground - r * .75f;
	float belt = v->ground - (v->tall ? .55f : dice_in(d, .56f, .64f)) * h;
	float bonnet = v->tall ? dice_in(d, .0f, .15f) : dice_in(d, .18f, .3f);
	float boot = v->tall ? 0 : dice_in(d, 0, .2f);
	struct point body[6] = {
		at(x - f * half, sill),
		at(x - f * half * .98f, belt),
		at(x + f * half * .75f, belt + .02f * h),
		at(x + f * half * .97f, belt + .1f * h),
		at(x + f * half, sill - .06f * h),
		at(x + f * half * .98f, sill),
	};

	draw_house(v, x - f * (half * .97f - boot * length),
		   x + f * (half * .95f - bonnet * length), top,
		   belt + .01f * h);
	paint_polygon(v->c, body, 6, v->paint);
	paint_capsule(v->c, at(x - half * .95f, sill), .03f * h,
		      at(x + half * .95f, sill), .03f * h,
		      color_scaled(v->paint, .4f));
	paint_capsule(v->c, at(x + f * .05f * length, belt), .006f * h + .2f,
		      at(x + f * .06f * length, sill), .006f * h + .2f,
		      color_scaled(v->paint, .5f));
	draw_wheel(v, x - half * .62f, r);
	draw_wheel(v, x + half * .62f, r);
	draw_lamp(v, x + f * half * .94f, belt + .16f * h, .045f * h, true);
	draw_lamp(v, x - f * half * .95f, belt + .14f * h, .04f * h, false);
}

/* A truck: a cab and a box behind it. */
static void draw_truck(struct vehicle *v, float x, float length)
{
	struct dice *d = &v->dice;
	float f = v->facing, h = v->h, half = length / 2, r = .14f * h;
	float cab = dice_in(d, .22f, .34f) * length;
	float split = x + f * (half - cab), sill = v->ground - r;
	float roof = v->ground - dice_in(d, .7f, .95f) * h;
	struct color load = paint_color(d);
	float left = f > 0 ? x - half : split, right = f > 0 ? split : x + half;
	struct point pane[4] = {
		at(split + f * .25f * cab, roof + .08f * h),
		at(split + f * .8f * cab, roof + .08f * h),
		at(split + f * .95f * cab, roof + .3f * h),
		at(split + f * .25f * cab, roof + .3f * h),
	};

	paint_box(v->c, left, sill - .05f * h, right, sill + .03f * h, 0,
		  color_of(.05f, .05f, .05f));
	paint_box(v->c, left, v->ground - h, right, sill - .03f * h, 1, load);
	paint_box(v->c, f > 0 ? split + 1 : x - half, roof,
		  f > 0 ? x + half : split - 1, sill, .05f * h, v->paint);
	paint_polygon(v->c, pane, 4, v->glass);
	draw_wheel(v, x - f * half * .7f, r);
	draw_wheel(v, x - f * half * .25f, r);
	draw_wheel(v, x + f * half * .72f, r);
	draw_lamp(v, x + f * half * .95f, sill - .1f * h, .035f * h, true);
}

/* Seen from the front or from behind, `wide` pixels across. */
static void draw_end(struct vehicle *v, float x, float wide)
{
	struct dice *d = &v->dice;
	bool front = dice_chance(d, .6f);
	float h = v->h, half = wide / 2, top = v->ground - h;
	float belt = v->ground - (v->tall ? .55f : .58f) * h;
	float sill = v->ground - .16f * h;
	float narrow = v->tall ? .9f : .7f;
	struct point shell[4] = { at(x - half * .93f, belt),
				  at(x - half * narrow, top),
				  at(x + half * narrow, top),
				  at(x + half * .93f, belt) };
	struct point glass[4] = {
		at(x - half * .82f, belt - .01f * h),
		at(x - half * (narrow - .08f), top + .06f * h),
		at(x + half * (narrow - .08f), top + .06f * h),
		at(x + half * .82f, belt - .01f * h)
	};

	for (int side = -1; side <= 1; side += 2)
		paint_box(v->c, x + (float)side * half * .78f - .09f * wide,
			  v->ground - .3f * h,
			  x + (float)side * half * .78f + .09f * wide,
			  v->ground, .04f * h, v->tire);
	paint_polygon(v->c, shell, 4, v->paint);
	paint_box(v->c, x - half, belt - .03f * h, x + half, sill, .07f * h,
		  v->paint);
	paint_polygon(v->c, glass, 4, v->glass);
	paint_box(v->c, x - half * .96f, sill - .1f * h, x + half * .96f,
		  sill + .02f * h, .03f * h, color_scaled(v->paint, .45f));
	if (front)
		paint_box(v->c, x - half * .45f, belt + .13f * h,
			  x + half * .45f, belt + .24f * h, 1,
			  color_of(.04f, .04f, .045f));
	paint_box(v->c, x - half * .25f, sill - .07f * h, x + half * .25f, sill,
		  .5f, color_of(.75f, .72f, .5f));
	draw_lamp(v, x - half * .76f, belt + .15f * h, .06f * h, front);
	draw_lamp(v, x + half * .76f, belt + .15f * h, .06f * h, front);
}

void draw_vehicle(struct canvas *c, const struct figure *f)
{
	struct vehicle v = { .c = c,
			     .dice = dice_of(f->seed),
			     .h = f->size,
			     .night = f->night,
			     .ground = f->ground };
	struct dice *d = &v.dice;
	int kind = dice_below(d, 10);

	v.facing = dice_chance(d, .5f) ? 1 : -1;
	v.tall = dice_chance(d, .25f);
	v.paint = paint_color(d);
	v.glass = color_varied(d, color_of(.1f, .13f, .16f), .4f);
	v.tire = color_of(.03f, .03f, .03f);
	v.trim = color_scaled(color_of(1, 1, 1), dice_in(d, .2f, .7f));
	if (kind < 5) {
		draw_aside(&v, f->x,
			   v.h * (v.tall ? dice_in(d, 1.9f, 2.5f) :
					   dice_in(d, 2.4f, 3.0f)));
	} else if (kind == 5) {
		draw_truck(&v, f->x, v.h * dice_in(d, 1.9f, 2.6f));
	} else if (kind < 8) {
		draw_end(&v, f->x,
			 v.h * (v.tall ? .95f : dice_in(d, 1.15f, 1.3f)));
	} else { /* seen from a corner: an end before a side */
		float wide = v.h * dice_in(d, .8f, 1.05f);
		float side = v.h * dice_in(d, 1.3f, 1.8f);

		draw_aside(&v, f->x - v.facing * wide * .35f, side);
		draw_end(&v, f->x + v.facing * (side * .5f - wide * .15f),
			 wide);
	}
}
