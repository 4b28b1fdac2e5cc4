/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DOORBELL_FIGURES_H
#define DOORBELL_FIGURES_H

#include "testdata/doorbell/canvas.h"

/* Something that stands at `ground`, `size` pixels high; the seed decides
 * the rest. */
struct figure {
	float x, ground, size;
	uint64_t seed;
	bool night; /* lamps are on, eyes shine */
};

void draw_person(struct canvas *c, const struct figure *f);
void draw_pet(struct canvas *c, const struct figure *f);
void draw_vehicle(struct canvas *c, const struct figure *f);
/* What resembles them: bins, trees, statues, bicycles, rocks, sheds... */
void draw_clutter(struct canvas *c, const struct figure *f);
/* Posts, rails and leaves close to the camera. */
void draw_foreground(struct canvas *c, const struct figure *f);

/* Sky, walls and ground of a place. */
struct place {
	float horizon; /* row of the picture */
	bool indoors;  /* no vehicles */
	bool night;
};
enum place_kind { PLACE_PORCH, PLACE_STREET, PLACE_GARDEN, PLACE_KINDS };
void draw_place(struct canvas *c, enum place_kind kind,
		const struct place *place, uint64_t seed);

#endif
