/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DOORBELL_CAMERA_H
#define DOORBELL_CAMERA_H

#include "testdata/doorbell/canvas.h"

/* How a scene is lit and taken. */
struct camera {
	bool night;         /* infrared lamp, no colours */
	struct color light; /* of the scene by day and dusk, or a pixel's
			     * share in gray by night */
	float falloff;      /* towards the corners */
	int blur;           /* passes of 1 2 1 */
	float noise;        /* standard deviation, of 1 */
	uint64_t seed;
};

struct camera camera_of(struct dice *d);
/* How bright a pixel of the canvas will be, 0 to 1. */
float camera_shown(const struct camera *camera, const float *rgb);
/* From linear light to 8-bit RGB; changes the canvas. */
void camera_take(const struct camera *camera, struct canvas *c,
		 uint8_t *pixels);

#endif
