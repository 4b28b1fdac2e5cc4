/* SPDX-License-Identifier: Apache-2.0 */
#include "testdata/doorbell/figures.h"

struct person {
	struct canvas *c;
	struct dice dice;
	float h;      /* height, pixels */
	float wide;   /* 1: seen from the front; less from the side */
	float facing; /* -1, 0, 1 */
	float stride; /* how far the legs are apart, radians */
	float build;  /* 1: of middle weight */
	float crouch; /* 0: upright */
	struct point hip, chest, head;
	struct color skin, top, bottom, shoes, hair;
};

static struct color skin_color(struct dice *d)
{
	struct color light = color_of(.86f, .62f, .48f);
	struct color dark = color_of(.22f, .13f, .09f);

	return color_mixed(light, dark, dice_in(d, 0, 1));
}

static struct color cloth_color(struct dice *d)
{
	float gray = dice_in(d, .03f, .8f);

	if (dice_chance(d, .4f))
		return color_varied(d, color_of(gray, gray, gray), .12f);
	return color_of(dice_in(d, .03f, .8f), dice_in(d, .03f, .7f),
			dice_in(d, .03f, .8f));
}

static void stand(struct person *p, const struct figure *f)
{
	struct dice *d = &p->dice;
	float lean = dice_in(d, -.04f, .04f);

	p->h = f->size;
	p->facing = (float)(dice_below(d, 3) - 1);
	p->wide = p->facing == 0 ? 1 : dice_in(d, .6f, .85f);
	p->stride = dice_in(d, .04f, p->facing == 0 ? .16f : .5f);
	p->build = dice_in(d, .85f, 1.3f);
	p->crouch = dice_chance(d, .1f) ? dice_in(d, .08f, .2f) : 0;
	p->hip = at(f->x, f->ground - (.48f - p->crouch) * p->h);
	p->chest = at(f->x + (lean + p->facing * p->crouch * .4f) * p->h,
		      p->hip.y - .3f * p->h);
	p->head = at(p->chest.x + (lean + .02f * p->facing) * p->h,
		     p->chest.y - .145f * p->h);
	p->skin = skin_color(d);
	p->top = cloth_color(d);
	p->bottom = dice_chance(d, .2f) ? p->top : cloth_color(d);
	p->shoes = color_scaled(cloth_color(d), .5f);
	p->hair = color_varied(
		d,
		color_mixed(color_of(.03f, .02f, .02f),
			    color_of(.55f, .42f, .25f),
			    dice_chance(d, .6f) ? 0 : dice_in(d, 0, 1)),
		.2f);
}

static void draw_leg(struct person *p, float side, float ground)
{
	float thick = .052f * p->h * p->build;
	float swing = p->facing == 0 ? side * p->stride * .5f :
				       side * p->stride;
	float length = ground - p->hip.y;
	struct point hip = at(
		p->hip.x + side * .05f * p->h * p->wide * p->build, p->hip.y);
	struct point foot =
		at(hip.x + sine(swing) * length,
		   ground - .02f * p->h - (side > 0 ? 0 : .01f * p->h));
	struct point knee = point_mixed(hip, foot, .5f);

	knee.x += (p->facing * .03f + p->facing * p->crouch * .6f) * p->h;
	if (p->facing == 0)
		knee.x += side * p->crouch * .3f * p->h;
	paint_capsule(p->c, hip, thick * 1.15f, knee, thick * .9f, p->bottom);
	paint_capsule(p->c, knee, thick * .9f, foot, thick * .6f, p->bottom);
	paint_capsule(p->c, foot, .028f * p->h,
		      at(foot.x + (p->facing * .055f + side * .01f) * p->h,
			 foot.y + .004f * p->h),
		      .022f * p->h, p->shoes);
}

/* One arm: hanging, swinging, bent, carrying or raised to the bell. */
static void draw_arm(struct person *p, float side)
{
	struct dice *d = &p->dice;
	float thick = .036f * p->h * p->build;
	float upper = dice_in(d, -.15f, .35f), bend = dice_in(d, 0, .5f);
	struct point shoulder =
		at(p->chest.x + side * .115f * p->h * p->wide * p->build,
		   p->chest.y - .01f * p->h);
	struct point elbow, hand;
	float out = p->facing == 0 ? side : p->facing;

	if (p->facing != 0)
		upper = side * p->stride;
	if (dice_chance(d, .15f))
		upper += dice_in(d, .8f, 2.2f);
	elbow = at(shoulder.x + out * sine(upper) * .16f * p->h,
		   shoulder.y + cosine(upper) * .16f * p->h);
	upper += bend;
	hand = at(elbow.x + out * sine(upper) * .15f * p->h,
		  elbow.y + cosine(upper) * .15f * p->h);
	paint_capsule(p->c, shoulder, thick * 1.2f, elbow, thick, p->top);
	paint_capsule(p->c, elbow, thick, hand, thick * .75f,
		      dice_chance(d, .3f) ? p->skin : p->top);
	paint_ellipse(p->c, hand, .026f * p->h, .026f * p->h, 0, p->skin);
}

static void draw_torso(struct person *p)
{
	struct dice *d = &p->dice;
	float w = p->h * p->wide * p->build;
	float hem = dice_chance(d, .25f) ? dice_in(d, .1f, .22f) : .02f;
	struct point body[6] = {
		at(p->chest.x - .075f * w, p->chest.y - .055f * p->h),
		at(p->chest.x + .075f * w, p->chest.y - .055f * p->h),
		at(p->chest.x + .13f * w, p->chest.y),
		at(p->hip.x + (.09f + .3f * hem) * w, p->hip.y + hem * p->h),
		at(p->hip.x - (.09f + .3f * hem) * w, p->hip.y + hem * p->h),
		at(p->chest.x - .13f * w, p->chest.y),
	};

	paint_polygon(p->c, body, 6, p->top);
	if (dice_chance(d, .25f))
		paint_box(p->c, p->chest.x - .1f * w, p->chest.y + .04f * p->h,
			  p->chest.x + .1f * w, p->chest.y + .1f * p->h, 1,
			  cloth_color(d));
	if (dice_chance(d, .3f))
		paint_capsule(p->c, at(p->chest.x, p->chest.y), .01f * p->h,
			      at(p->hip.x, p->hip.y), .01f * p->h,
			      color_scaled(p->top, .4f));
}

static void draw_head(struct person *p)
{
	struct dice *d = &p->dice;
	float r = .062f * p->h * dice_in(d, .95f, 1.2f);
	float f = p->facing;
	struct point top = at(p->head.x - .12f * r * f, p->head.y - .35f * r);
	int cover = dice_below(d, 6);

	paint_capsule(p->c, p->chest, .04f * p->h, p->head, .03f * p->h,
		      p->skin);
	if (cover == 0) /* long hair */
		paint_ellipse(p->c,
			      at(p->head.x - .2f * f * r, p->head.y + .3f * r),
			      1.05f * r, 1.5f * r, 0, p->hair);
	paint_ellipse(p->c, p->head, .85f * r, 1.12f * r, 0, p->skin);
	if (dice_chance(d, .35f) && f == 0) /* from behind */
		paint_ellipse(p->c, p->head, .88f * r, 1.1f * r, 0, p->hair);
	if (cover == 1) { /* hood */
		paint_ellipse(p->c,
			      at(p->head.x - .25f * r * f, p->head.y - .1f * r),
			      1.05f * r, 1.25f * r, 0, p->top);
		paint_ellipse(p->c,
			      at(p->head.x + .25f * r * f, p->head.y + .1f * r),
			      .6f * r, .85f * r, 0, p->skin);
	} else if (cover == 2) { /* hat or cap */
		struct color hat = cloth_color(d);

		paint_ellipse(p->c, at(top.x, top.y - .3f * r), .95f * r,
			      .6f * r, 0, hat);
		paint_capsule(p->c,
			      at(p->head.x - .9f * r, p->head.y - .35f * r),
			      .14f * r,
			      at(p->head.x + (.9f + .5f * f) * r,
				 p->head.y - .35f * r),
			      .14f * r, hat);
	} else {
		paint_ellipse(p->c, at(top.x, top.y - .2f * r), .9f * r,
			      .72f * r, 0, p->hair);
	}
	if (f == 0 && r > 6) {
		paint_ellipse(p->c, at(p->head.x - .32f * r, p->head.y),
			      .12f * r, .1f * r, 0, color_of(.05f, .04f, .04f));
		paint_ellipse(p->c, at(p->head.x + .32f * r, p->head.y),
			      .12f * r, .1f * r, 0, color_of(.05f, .04f, .04f));
	}
}

static void draw_load(struct person *p)
{
	struct dice *d = &p->dice;
	float h = p->h, f = p->facing;
	int kind = dice_below(d, 8);

	if (kind == 0) /* a parcel before the chest */
		paint_box(p->c, p->chest.x + (.1f * f - .11f) * h,
			  p->chest.y + .1f * h,
			  p->chest.x + (.1f * f + .11f) * h,
			  p->chest.y + .25f * h, 1,
			  color_varied(d, color_of(.5f, .34f, .2f), .2f));
	if (kind == 1 && f != 0) /* a backpack */
		paint_ellipse(
			p->c,
			at(p->chest.x - .11f * f * h, p->chest.y + .09f * h),
			.07f * h, .12f * h, 0, cloth_color(d));
	if (kind == 2) /* a bag */
		paint_box(p->c, p->hip.x + .1f * h, p->hip.y,
			  p->hip.x + .2f * h, p->hip.y + .15f * h, 1,
			  cloth_color(d));
}

void draw_person(struct canvas *c, const struct figure *f)
{
	struct person p = { .c = c, .dice = dice_of(f->seed) };
	bool skirt;

	stand(&p, f);
	skirt = dice_chance(&p.dice, .15f);
	if (skirt)
		p.bottom = color_mixed(p.skin, p.bottom, .3f);
	draw_arm(&p, -1);
	draw_leg(&p, -1, f->ground - .01f * p.h);
	draw_leg(&p, 1, f->ground);
	draw_torso(&p);
	if (skirt) {
		struct point s[4] = {
			at(p.hip.x - .09f * p.h, p.hip.y - .04f * p.h),
			at(p.hip.x + .09f * p.h, p.hip.y - .04f * p.h),
			at(p.hip.x + .14f * p.h, p.hip.y + .2f * p.h),
			at(p.hip.x - .14f * p.h, p.hip.y + .2f * p.h),
		};

		paint_polygon(c, s, 4, cloth_color(&p.dice));
	}
	draw_head(&p);
	draw_arm(&p, 1);
	draw_load(&p);
}
