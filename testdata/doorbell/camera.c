/* SPDX-License-Identifier: Apache-2.0 */
#include "testdata/doorbell/camera.h"

#include <math.h>

struct camera camera_of(struct dice *d)
{
	struct camera c = { .blur = dice_below(d, 4) };
	float hour = dice_in(d, 0, 1), gain;

	if (hour < .25f) { /* infrared: cloth and fur reflect it as they like */
		c.night = true;
		gain = dice_in(d, .5f, 1.1f);
		c.light = color_of(gain * dice_in(d, .2f, .6f),
				   gain * dice_in(d, .2f, .6f),
				   gain * dice_in(d, .1f, .4f));
		c.falloff = dice_in(d, .4f, .85f);
		c.noise = dice_in(d, .008f, .03f);
	} else if (hour < .45f) { /* dusk */
		gain = dice_in(d, .25f, .55f);
		c.light = color_of(gain * dice_in(d, .8f, 1.2f), gain,
				   gain * dice_in(d, .9f, 1.4f));
		c.falloff = dice_in(d, .1f, .4f);
		c.noise = dice_in(d, .008f, .025f);
	} else {
		gain = dice_in(d, .7f, 1.5f);
		c.light = color_of(gain * dice_in(d, .9f, 1.1f), gain,
				   gain * dice_in(d, .85f, 1.1f));
		c.falloff = dice_in(d, 0, .3f);
		c.noise = dice_in(d, .003f, .02f);
	}
	c.seed = dice_bits(d);
	return c;
}

static float *pixel(struct canvas *c, int x, int y)
{
	x = x < 0 ? 0 : x >= c->width ? c->width - 1 : x;
	y = y < 0 ? 0 : y >= c->height ? c->height - 1 : y;
	return c->rgb + 3 * (y * c->width + x);
}

/* One pass along a row or a column, each pixel read before it is written. */
static void blur_line(struct canvas *c, int x, int y, int dx, int dy, int count)
{
	float before[3], here[3];

	for (int k = 0; k < 3; k++)
		before[k] = pixel(c, x, y)[k];
	for (int i = 0; i < count; i++, x += dx, y += dy) {
		float *p = pixel(c, x, y);
		const float *next = pixel(c, x + dx, y + dy);

		for (int k = 0; k < 3; k++) {
			here[k] = p[k];
			p[k] = .25f * (before[k] + 2 * here[k] + next[k]);
			before[k] = here[k];
		}
	}
}

static void blur(struct canvas *c)
{
	for (int y = 0; y < c->height; y++)
		blur_line(c, 0, y, 1, 0, c->width);
	for (int x = 0; x < c->width; x++)
		blur_line(c, x, 0, 0, 1, c->height);
}

/* About normal: four dice. */
static float noise(struct dice *d, float deviation)
{
	float sum = dice_in(d, -1, 1) + dice_in(d, -1, 1) + dice_in(d, -1, 1) +
		    dice_in(d, -1, 1);

	return sum * deviation * .866f;
}

static uint8_t exposed(float light, float grain)
{
	float x = sqrtf(light > 0 ? light : 0) + grain;

	return x <= 0 ? 0 : x >= 1 ? 255 : (uint8_t)(x * 255 + .5f);
}

static void light_up(const struct camera *camera, float *p, float falloff)
{
	const struct color *l = &camera->light;

	if (camera->night)
		p[0] = p[1] = p[2] = p[0] * l->r + p[1] * l->g + p[2] * l->b;
	else {
		p[0] *= l->r;
		p[1] *= l->g;
		p[2] *= l->b;
	}
	for (int k = 0; k < 3; k++)
		p[k] *= falloff;
}

float camera_shown(const struct camera *camera, const float *rgb)
{
	float p[3] = { rgb[0], rgb[1], rgb[2] };

	light_up(camera, p, 1);
	p[0] = .3f * p[0] + .6f * p[1] + .1f * p[2];
	return p[0] <= 0 ? 0 : p[0] >= 1 ? 1 : sqrtf(p[0]);
}

void camera_take(const struct camera *camera, struct canvas *c, uint8_t *pixels)
{
	struct dice d = dice_of(camera->seed);

	for (int i = 0; i < camera->blur; i++)
		blur(c);
	for (int y = 0; y < c->height; y++)
		for (int x = 0; x < c->width; x++) {
			float *p = pixel(c, x, y);
			float u = 2 * (float)x / (float)c->width - 1;
			float v = 2 * (float)y / (float)c->height - 1;
			float gray = noise(&d, camera->noise);

			light_up(camera, p,
				 1 - camera->falloff * (u * u + v * v) / 2);
			for (int k = 0; k < 3; k++) {
				float own =
					camera->night ?
						0 :
						noise(&d, camera->noise) * .5f;

				*pixels++ = exposed(p[k], gray + own);
			}
		}
}
