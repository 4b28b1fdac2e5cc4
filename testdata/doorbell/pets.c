/* SPDX-License-Identifier: Apache-2.0 */
#include "testdata/doorbell/figures.h"

struct pet {
	struct canvas *c;
	struct dice dice;
	float h; /* height at the shoulder, pixels */
	float ground;
	float facing; /* -1 or 1 */
	bool cat, night;
	float length, thick; /* of the trunk, in h */
	struct point shoulder, rump, head;
	struct color fur, second, dark;
};

static struct color fur_color(struct dice *d)
{
	static const struct color furs[] = {
		{ .05f, .045f, .04f }, { .2f, .12f, .06f }, { .45f, .25f, .1f },
		{ .6f, .45f, .28f },   { .8f, .76f, .7f },  { .3f, .29f, .28f },
		{ .55f, .3f, .1f },
	};
	int n = (int)(sizeof(furs) / sizeof(*furs));

	return color_varied(d, furs[dice_below(d, n)], .2f);
}

static void draw_leg(struct pet *p, struct point from, float swing, float tone)
{
	float r = (p->cat ? .07f : .085f) * p->h;
	struct point foot = at(from.x + swing * p->h, p->ground - r * .8f);
	struct point knee = point_mixed(from, foot, .5f);
	struct color fur = color_scaled(p->fur, tone);

	knee.x -= p->facing * .05f * p->h;
	paint_capsule(p->c, from, r * 1.5f, knee, r, fur);
	paint_capsule(p->c, knee, r, foot, r * .8f, fur);
	paint_capsule(p->c, foot, r * .8f,
		      at(foot.x + p->facing * .06f * p->h, foot.y), r * .7f,
		      color_scaled(p->second, tone));
}

static void draw_eye(struct pet *p, float x, float y, float r)
{
	struct color shine = color_of(1.6f, 1.7f, 1.3f);

	paint_ellipse(p->c, at(x, y), r, r, 0,
		      p->night ? shine : color_of(.02f, .02f, .02f));
}

static void draw_ears(struct pet *p, float r, bool front)
{
	for (int side = -1; side <= 1; side += 2) {
		float f = (float)side;
		struct point base =
			at(p->head.x + (front ? f * .6f * r :
						-p->facing * .3f * r +
							f * .25f * r),
			   p->head.y - .6f * r);
		struct point ear[3] = {
			at(base.x - .38f * r, base.y + .25f * r),
			at(base.x + .38f * r, base.y + .25f * r),
			at(base.x + (front ? f * .2f : 0) * r,
			   base.y - .75f * r),
		};

		if (p->cat || dice_chance(&p->dice, .4f))
			paint_polygon(p->c, ear, 3, p->dark);
		else /* a hanging ear */
			paint_ellipse(
				p->c,
				at(base.x + f * .3f * r, base.y + .6f * r),
				.3f * r, .65f * r, f * .3f, p->dark);
	}
}

static void draw_head_aside(struct pet *p)
{
	float r = (p->cat ? .21f : .22f) * p->h, f = p->facing;
	float snout = p->cat ? .6f : 1.5f;
	struct point nose = at(p->head.x + f * snout * r, p->head.y + .3f * r);

	paint_capsule(p->c, at(p->shoulder.x, p->shoulder.y), .2f * p->h,
		      p->head, .14f * p->h, p->fur);
	paint_ellipse(p->c, p->head, r, .9f * r, 0, p->fur);
	paint_capsule(p->c, p->head, .55f * r, nose, .35f * r, p->second);
	paint_ellipse(p->c, at(nose.x + f * .25f * r, nose.y - .1f * r),
		      .18f * r, .16f * r, 0, color_of(.03f, .02f, .02f));
	draw_ears(p, r, false);
	draw_eye(p, p->head.x + f * .4f * r, p->head.y - .1f * r, .14f * r);
}

static void draw_tail(struct pet *p, struct point from)
{
	float up = dice_in(&p->dice, p->cat ? -.2f : -.5f, 1.2f);
	float l = (p->cat ? .6f : .45f) * p->h;
	struct point mid = at(from.x - p->facing * cosine(up) * l * .6f,
			      from.y - sine(up) * l * .6f);
	struct point end = at(mid.x - p->facing * cosine(up + .6f) * l * .5f,
			      mid.y - sine(up + .6f) * l * .5f);
	float r = (p->cat ? .045f : .06f) * p->h;

	paint_capsule(p->c, from, r * 1.3f, mid, r, p->fur);
	paint_capsule(p->c, mid, r, end, r * .8f, p->second);
}

static void draw_coat(struct pet *p)
{
	struct dice *d = &p->dice;
	int kind = dice_below(d, 4);

	for (int i = 0; kind == 0 && i < 4; i++) { /* stripes */
		float t = .15f + .23f * (float)i;
		struct point a = point_mixed(p->rump, p->shoulder, t);

		paint_capsule(p->c, at(a.x, a.y - p->thick * p->h * .8f),
			      .025f * p->h,
			      at(a.x, a.y + p->thick * p->h * .4f),
			      .025f * p->h, p->dark);
	}
	if (kind == 1) { /* a patch */
		struct point a =
			point_mixed(p->rump, p->shoulder, dice_in(d, .2f, .8f));

		paint_ellipse(p->c, a, .25f * p->h, p->thick * p->h * .8f, 0,
			      p->second);
	}
	if (kind == 2) /* a saddle */
		paint_ellipse(p->c,
			      at((p->rump.x + p->shoulder.x) / 2,
				 p->shoulder.y - .08f * p->h),
			      p->length * p->h * .45f, p->thick * p->h * .7f, 0,
			      p->dark);
}

static void draw_walking(struct pet *p, const struct figure *f)
{
	struct dice *d = &p->dice;
	float gait = dice_in(d, -.22f, .22f), half = p->length * p->h / 2;
	float high = dice_in(d, p->cat ? -.1f : -.25f, .5f);

	p->shoulder = at(f->x + p->facing * half, f->ground - .72f * p->h);
	p->rump = at(f->x - p->facing * half,
		     p->shoulder.y + dice_in(d, -.02f, .06f) * p->h);
	p->head = at(p->shoulder.x + p->facing * .34f * p->h,
		     p->shoulder.y - (.05f + .5f * high) * p->h);
	draw_tail(p, at(p->rump.x - p->facing * .1f * p->h,
			p->rump.y - .1f * p->h));
	draw_leg(p, p->rump, gait, .75f);
	draw_leg(p, p->shoulder, -gait, .75f);
	paint_capsule(p->c, p->rump, p->thick * p->h * .95f, p->shoulder,
		      p->thick * p->h * 1.08f, p->fur);
	draw_coat(p);
	draw_leg(p, at(p->rump.x, p->rump.y + .05f * p->h), -gait, 1);
	draw_leg(p, at(p->shoulder.x, p->shoulder.y + .05f * p->h), gait, 1);
	draw_head_aside(p);
}

static void draw_lying(struct pet *p, const struct figure *f)
{
	float h = p->h, half = p->length * h / 2;

	p->rump = at(f->x - p->facing * half, f->ground - .28f * h);
	p->shoulder = at(f->x + p->facing * half, f->ground - .33f * h);
	p->head = at(p->shoulder.x + p->facing * .25f * h,
		     f->ground - dice_in(&p->dice, .3f, .75f) * h);
	draw_tail(p, at(p->rump.x - p->facing * .2f * h, f->ground - .15f * h));
	paint_capsule(p->c, p->rump, .27f * h, p->shoulder, .26f * h, p->fur);
	draw_coat(p);
	paint_ellipse(p->c, at(p->rump.x, f->ground - .2f * h), .28f * h,
		      .19f * h, 0, p->fur);
	paint_capsule(
		p->c, at(p->shoulder.x, f->ground - .08f * h), .08f * h,
		at(p->shoulder.x + p->facing * .45f * h, f->ground - .07f * h),
		.07f * h, p->second);
	draw_head_aside(p);
}

/* Seen from the front, sitting. */
static void draw_sitting(struct pet *p, const struct figure *f)
{
	float h = p->h * 1.25f, r;

	p->head = at(f->x + dice_in(&p->dice, -.05f, .05f) * h,
		     f->ground - .78f * h);
	r = .19f * h;
	draw_tail(p, at(f->x - p->facing * .2f * h, f->ground - .1f * h));
	paint_ellipse(p->c, at(f->x, f->ground - .27f * h), .25f * h, .27f * h,
		      0, p->fur);
	paint_capsule(p->c, at(f->x, f->ground - .3f * h), .19f * h, p->head,
		      .12f * h, p->fur);
	paint_ellipse(p->c, at(f->x, f->ground - .42f * h), .1f * h, .17f * h,
		      0, p->second);
	for (int side = -1; side <= 1; side += 2) {
		float s = (float)side;

		paint_capsule(
			p->c, at(f->x + s * .09f * h, f->ground - .38f * h),
			.07f * h, at(f->x + s * .09f * h, f->ground - .05f * h),
			.055f * h, p->fur);
	}
	draw_ears(p, r, true);
	paint_ellipse(p->c, p->head, r, .92f * r, 0, p->fur);
	paint_ellipse(p->c, at(p->head.x, p->head.y + .4f * r), .45f * r,
		      (p->cat ? .35f : .5f) * r, 0, p->second);
	paint_ellipse(p->c, at(p->head.x, p->head.y + .25f * r), .17f * r,
		      .12f * r, 0, color_of(.04f, .02f, .02f));
	draw_eye(p, p->head.x - .42f * r, p->head.y - .12f * r, .15f * r);
	draw_eye(p, p->head.x + .42f * r, p->head.y - .12f * r, .15f * r);
}

void draw_pet(struct canvas *c, const struct figure *f)
{
	struct pet p = { .c = c, .dice = dice_of(f->seed), .night = f->night };
	struct dice *d = &p.dice;
	int posture = dice_below(d, 10);

	p.cat = dice_chance(d, .45f);
	p.facing = dice_chance(d, .5f) ? 1 : -1;
	p.h = f->size;
	p.ground = f->ground;
	p.length = dice_in(d, p.cat ? .85f : .75f, p.cat ? 1.1f : 1.15f);
	p.thick = dice_in(d, p.cat ? .17f : .18f, p.cat ? .23f : .27f);
	p.fur = fur_color(d);
	p.second = dice_chance(d, .5f) ? color_scaled(p.fur, 1.1f) :
					 fur_color(d);
	p.dark = color_scaled(p.fur, dice_in(d, .4f, .9f));
	if (posture < 6)
		draw_walking(&p, f);
	else if (posture < 9)
		draw_sitting(&p, f);
	else
		draw_lying(&p, f);
}
