/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/config.h"

#include <unistd.h>

static int machine_cores(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > 256 ? 256 : (int)n;
}

void config_init(struct config *c)
{
	*c = (struct config){
		.target = "a53",
		.bits = 8,
		.act_bits = 8,
		.methods = METHOD_ALL,
		.effort = EFFORT_NORMAL,
		.output_dir = ".",
		.color = COLOR_RGB,
		.resize = RESIZE_STRETCH,
		.score_threshold = -1,
		.nms_iou = -1,
		.jobs = machine_cores(),
		.seed = 1,
	};
	for (int i = 0; i < 4; i++)
		c->scale[i] = (float)(1.0 / 255);
}

bool config_has_preprocess(const struct config *c)
{
	return c->mean_given || c->scale_given || c->color_given ||
	       c->resize_given || c->pad_given;
}

void config_set_preprocess(struct config *c, const struct usual_preprocess *u,
			   enum preprocess_source source)
{
	for (int i = 0; i < 4; i++) {
		c->mean[i] = (float)u->mean[i < 3 ? i : 0];
		c->scale[i] = (float)(1 / u->std[i < 3 ? i : 0]);
	}
	c->color = u->color;
	c->resize = u->resize;
	c->pad_value = u->pad_value;
	c->mean_given = c->scale_given = c->color_given = true;
	c->resize_given = c->pad_given = true;
	c->preprocess_source = source;
}
