/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DOORBELL_SCENE_H
#define DOORBELL_SCENE_H

#include "testdata/doorbell/canvas.h"

#define SCENE_WIDTH 320
#define SCENE_HEIGHT 240
#define SCENE_MAX_BOXES 8

enum scene_class { SCENE_PERSON, SCENE_PET, SCENE_VEHICLE, SCENE_CLASSES };
extern const char *const scene_class_names[SCENE_CLASSES];

/*
 * What a scene shows: SCENE_ANY what comes, or at night, things from
 * SCENE_FAR_METERS on only, things behind others or behind something close to
 * the camera, an empty porch, or no thing but much that resembles them.
 */
enum scene_slice {
	SCENE_ANY,
	SCENE_NIGHT,
	SCENE_FAR,
	SCENE_OCCLUDED,
	SCENE_EMPTY_PORCH,
	SCENE_CLUTTER,
	SCENE_SLICES
};
extern const char *const scene_slice_names[SCENE_SLICES];
#define SCENE_FAR_METERS 7.f

/* What can be seen of a thing: whole pixels, x2 and y2 behind the last. */
struct scene_box {
	int x1, y1, x2, y2;
	enum scene_class class_id;
	float distance; /* meters, for a camera at 1.7 m with 67 degrees */
	float occluded; /* share of its pixels that others hide */
};

struct scene {
	struct scene_box boxes[SCENE_MAX_BOXES];
	int box_count;
	const char *place; /* "porch", "street", "garden" */
	bool night;
	int clutter; /* things that resemble others */
};

/*
 * Draws scene `number` of `seed` as the camera at a door sees it: 8-bit RGB,
 * SCENE_HEIGHT rows of SCENE_WIDTH pixels. The canvas is working space of
 * that size. Same pixels and boxes on every machine.
 */
void scene_draw(struct canvas *c, enum scene_slice slice, uint32_t seed,
		uint32_t number, struct scene *scene, uint8_t *pixels);

#endif
