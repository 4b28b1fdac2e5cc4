/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who stands where: things are put on the ground of a place, by perspective
 * smaller the nearer they are to the horizon, and are drawn from far to near.
 * A thing that is mostly hidden is taken out, so that each box can be found.
 */
#include "testdata/doorbell/scene.h"

#include <math.h>

#include "testdata/doorbell/camera.h"
#include "testdata/doorbell/figures.h"

#define MAX_ITEMS (SCENE_MAX_BOXES + 8)
#define LEAST_SEEN .6f   /* of a thing's pixels */
#define LEAST_PIXELS 160 /* that are seen of a thing */
#define LEAST_SIDE 9
#define LEAST_CONTRAST .09f /* to what is around it, of 1 */
#define LEAST_OCCLUDED .1f  /* of a thing, in a scene of such */
#define FOCAL 240.f         /* pixels */
#define CAMERA_HEIGHT 1.7f  /* meters; a person is as high */
#define MAX_TRIES 200       /* of a slice that chance decides */

const char *const scene_class_names[SCENE_CLASSES] = { "person", "pet",
						       "vehicle" };

const char *const scene_slice_names[SCENE_SLICES] = {
	"any", "night", "far", "occluded", "empty-porch", "clutter"
};

enum item_kind {
	ITEM_PERSON = SCENE_PERSON,
	ITEM_PET = SCENE_PET,
	ITEM_VEHICLE = SCENE_VEHICLE,
	ITEM_CLUTTER,
	ITEM_FOREGROUND
};

struct item {
	enum item_kind kind;
	struct figure figure;
	int drawn; /* pixels, before others came in front */
	int seen;
	struct scene_box box;
	float contrast;
};

struct layout {
	enum scene_slice slice;
	enum place_kind kind;
	struct place place;
	uint64_t place_seed;
	float scale; /* a person's height over the rows below the horizon */
	struct item items[MAX_ITEMS];
	int count;
};

/* ---- Putting things on the ground ---- */

static enum item_kind choose_class(struct dice *d, enum place_kind kind)
{
	static const float person[PLACE_KINDS] = { .42f, .36f, .34f };
	static const float pet[PLACE_KINDS] = { .48f, .26f, .4f };
	float x = dice_in(d, 0, 1);

	if (x < person[kind])
		return ITEM_PERSON;
	return x < person[kind] + pet[kind] ? ITEM_PET : ITEM_VEHICLE;
}

/* Heights in people's, and the least and largest in pixels. */
static const struct {
	float low, high, least, largest;
} sizes[] = {
	[ITEM_PERSON] = { .8f, 1.08f, 40, 250 },
	[ITEM_PET] = { .24f, .42f, 21, 90 },
	[ITEM_VEHICLE] = { .75f, 1.15f, 26, 125 },
	[ITEM_CLUTTER] = { .5f, 1.1f, 12, 200 },
};

/* Meters to what stands on a row of the picture. */
static float distance_of(const struct layout *l, const struct figure *f)
{
	return FOCAL * CAMERA_HEIGHT /
	       (l->scale * (f->ground - l->place.horizon));
}

static bool fits(const struct layout *l, enum item_kind kind,
		 const struct figure *f)
{
	if (f->size < sizes[kind].least || f->size > sizes[kind].largest)
		return false;
	return l->slice != SCENE_FAR || kind > ITEM_VEHICLE ||
	       distance_of(l, f) >= SCENE_FAR_METERS;
}

static bool put(struct layout *l, struct dice *d, enum item_kind kind)
{
	struct item *item = &l->items[l->count];
	float h = SCENE_HEIGHT, w = SCENE_WIDTH;
	struct figure *f = &item->figure;

	*item = (struct item){ .kind = kind };
	for (int tries = 0; tries < 20; tries++) {
		float far = dice_in(d, 0, 1);
		float low = h + (kind == ITEM_PERSON ? 45 : -4);

		f->ground = l->place.horizon +
			    far * far * (low - l->place.horizon) + 4;
		f->size = (f->ground - l->place.horizon) * l->scale *
			  dice_in(d, sizes[kind].low, sizes[kind].high);
		f->x = dice_in(d, .04f, .96f) * w;
		f->seed = dice_bits(d);
		f->night = l->place.night;
		if (fits(l, kind, f)) {
			l->count++;
			return true;
		}
	}
	return false;
}

static void sort_by_ground(struct layout *l)
{
	for (int i = 1; i < l->count; i++)
		for (int j = i; j > 0 && l->items[j].figure.ground <
						 l->items[j - 1].figure.ground;
		     j--) {
			struct item t = l->items[j];

			l->items[j] = l->items[j - 1];
			l->items[j - 1] = t;
		}
}

static void lay_out(struct layout *l, struct dice *d, enum scene_slice slice,
		    bool night)
{
	int things = 1 + dice_below(d, 4), clutter = dice_below(d, 6);
	bool foreground;

	*l = (struct layout){ .slice = slice, .place_seed = dice_bits(d) };
	l->kind = (enum place_kind)dice_below(d, PLACE_KINDS);
	l->place.horizon = dice_in(d, .25f, .5f) * SCENE_HEIGHT;
	l->place.night = night;
	l->scale = dice_in(d, 1.0f, 1.6f);
	if (dice_chance(d, .04f) || slice == SCENE_EMPTY_PORCH ||
	    slice == SCENE_CLUTTER)
		things = 0;
	if (slice == SCENE_EMPTY_PORCH)
		l->kind = PLACE_PORCH;
	if (slice == SCENE_CLUTTER)
		clutter += 3;
	for (int i = 0; i < things; i++)
		put(l, d, choose_class(d, l->kind));
	for (int i = 0; i < clutter; i++)
		put(l, d, ITEM_CLUTTER);
	sort_by_ground(l);
	foreground = dice_chance(d, .2f);
	if (foreground || slice == SCENE_OCCLUDED) {
		struct item *item = &l->items[l->count++];

		*item = (struct item){ .kind = ITEM_FOREGROUND };
		item->figure.seed = dice_bits(d);
		item->figure.x = dice_in(d, 0, SCENE_WIDTH);
	}
}

/* ---- Drawing ---- */

static void measure(const struct canvas *c, uint16_t thing, int *pixels,
		    struct scene_box *box)
{
	*pixels = 0;
	*box = (struct scene_box){ .x1 = c->width, .y1 = c->height };
	for (int y = 0; y < c->height; y++)
		for (int x = 0; x < c->width; x++) {
			if (c->things[y * c->width + x] != thing)
				continue;
			++*pixels;
			box->x1 = x < box->x1 ? x : box->x1;
			box->x2 = x + 1 > box->x2 ? x + 1 : box->x2;
			box->y1 = y < box->y1 ? y : box->y1;
			box->y2 = y + 1 > box->y2 ? y + 1 : box->y2;
		}
}

static void draw_item(struct canvas *c, const struct item *item)
{
	static void (*const draw[])(struct canvas *, const struct figure *) = {
		[ITEM_PERSON] = draw_person,
		[ITEM_PET] = draw_pet,
		[ITEM_VEHICLE] = draw_vehicle,
		[ITEM_CLUTTER] = draw_clutter,
		[ITEM_FOREGROUND] = draw_foreground,
	};
	const struct figure *f = &item->figure;
	float wide = item->kind == ITEM_VEHICLE ? 1.3f : .5f;

	if (item->kind != ITEM_FOREGROUND)
		paint_glow(c, at(f->x, f->ground), wide * f->size,
			   .12f * f->size, .6f, color_of(0, 0, 0));
	draw[item->kind](c, f);
}

/* How far a thing's pixels are from the mean of what is around it. */
static float contrast_of(const struct canvas *c, const struct camera *camera,
			 uint16_t thing, const struct scene_box *b)
{
	float around = 0, sum = 0;
	int n = 0, own = 0;

	for (int pass = 0; pass < 2; pass++)
		for (int y = b->y1 - 4; y < b->y2 + 4; y++)
			for (int x = b->x1 - 4; x < b->x2 + 4; x++) {
				int i = y * c->width + x;
				float shown;

				if (x < 0 || y < 0 || x >= c->width ||
				    y >= c->height ||
				    (c->things[i] == thing) != (pass == 1))
					continue;
				shown = camera_shown(camera, c->rgb + 3 * i);
				if (pass == 0) {
					around += shown;
					n++;
				} else {
					sum += fabsf(shown -
						     around / (float)(n + !n));
					own++;
				}
			}
	return sum / (float)(own + !own);
}

static void draw_layout(struct canvas *c, const struct camera *camera,
			struct layout *l)
{
	struct scene_box box;

	canvas_clear(c);
	draw_place(c, l->kind, &l->place, l->place_seed);
	for (int i = 0; i < l->count; i++) {
		c->thing = (uint16_t)(i + 1);
		draw_item(c, &l->items[i]);
		measure(c, c->thing, &l->items[i].drawn, &box);
	}
	c->thing = 0;
	for (int i = 0; i < l->count; i++) {
		struct item *item = &l->items[i];
		uint16_t thing = (uint16_t)(i + 1);

		measure(c, thing, &item->seen, &item->box);
		item->contrast = contrast_of(c, camera, thing, &item->box);
	}
}

static bool is_labelled(const struct item *item)
{
	return item->kind <= ITEM_VEHICLE;
}

static bool is_seen(const struct item *item)
{
	const struct scene_box *b = &item->box;

	return (float)item->seen >= LEAST_SEEN * (float)item->drawn &&
	       item->seen >= LEAST_PIXELS && b->x2 - b->x1 >= LEAST_SIDE &&
	       b->y2 - b->y1 >= LEAST_SIDE && item->contrast >= LEAST_CONTRAST;
}

/* Takes out the first thing that is hidden; false where all can be seen. */
static bool take_out(struct layout *l)
{
	for (int i = 0; i < l->count; i++) {
		if (!is_labelled(&l->items[i]) || is_seen(&l->items[i]))
			continue;
		for (l->count--; i < l->count; i++)
			l->items[i] = l->items[i + 1];
		return true;
	}
	return false;
}

static float occluded(const struct item *item)
{
	return 1 - (float)item->seen / (float)item->drawn;
}

/* Whether a drawn scene shows what its slice is for. */
static bool shows(const struct layout *l)
{
	if (l->slice == SCENE_NIGHT)
		return l->place.night;
	if (l->slice != SCENE_FAR && l->slice != SCENE_OCCLUDED)
		return true;
	for (int i = 0; i < l->count; i++)
		if (is_labelled(&l->items[i]) &&
		    (l->slice == SCENE_FAR ||
		     occluded(&l->items[i]) >= LEAST_OCCLUDED))
			return true;
	return false;
}

static void describe(const struct layout *l, struct scene *scene)
{
	static const char *const places[PLACE_KINDS] = { "porch", "street",
							 "garden" };

	*scene = (struct scene){ .place = places[l->kind],
				 .night = l->place.night };
	for (int i = 0; i < l->count; i++) {
		const struct item *item = &l->items[i];
		struct scene_box *box = &scene->boxes[scene->box_count];

		scene->clutter += item->kind == ITEM_CLUTTER;
		if (!is_labelled(item))
			continue;
		*box = item->box;
		box->class_id = (enum scene_class)item->kind;
		box->distance = distance_of(l, &item->figure);
		box->occluded = occluded(item);
		scene->box_count++;
	}
}

/* One try; false where it does not show what the slice is for. */
static bool draw_once(struct canvas *c, enum scene_slice slice,
		      struct dice dice, struct scene *scene, uint8_t *pixels)
{
	struct dice d = dice;
	struct camera camera = camera_of(&d);
	struct layout l;

	lay_out(&l, &d, slice, camera.night);
	if (slice == SCENE_NIGHT && !camera.night)
		return false;
	c->light_x = dice_in(&d, -1, 1);
	c->contrast = dice_in(&d, .05f, .35f);
	c->grain_seed = dice_bits(&d);
	do
		draw_layout(c, &camera, &l);
	while (take_out(&l));
	if (!shows(&l))
		return false;
	describe(&l, scene);
	camera_take(&camera, c, pixels);
	return true;
}

void scene_draw(struct canvas *c, enum scene_slice slice, uint32_t seed,
		uint32_t number, struct scene *scene, uint8_t *pixels)
{
	struct dice d = dice_of(((uint64_t)seed << 32) + number);

	for (int i = 0; i < MAX_TRIES; i++) {
		if (draw_once(c, slice, d, scene, pixels))
			return;
		d = dice_of(((uint64_t)dice_bits(&d) << 32) + number);
	}
	draw_once(c, SCENE_ANY, d, scene, pixels);
}
