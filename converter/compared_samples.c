/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/compared_samples.h"

#include <string.h>

#define CALIBRATED_MOST 64

struct digest {
	uint8_t sha256[32];
};

static bool is_among(const struct digest *list, int count,
		     const struct digest *one)
{
	for (int i = 0; i < count; i++)
		if (!memcmp(&list[i], one, sizeof(*one)))
			return true;
	return false;
}

/* Adds the photos of `others` that are not in `calib`. */
static int add_others(struct compared_samples *s, const struct dataset *calib,
		      const struct dataset *others, struct arena *a,
		      struct diag *d)
{
	struct digest *known =
		arena_array(a, (size_t)calib->count + 1, sizeof(*known));

	if (!known)
		return diag_error(d, "out of memory");
	for (int i = 0; i < calib->count; i++)
		if (dataset_item_digest(&calib->items[i], known[i].sha256, d))
			return -1;
	for (int i = 0; i < others->count; i++) {
		struct digest own;

		if (others->items[i].kind != ITEM_PHOTO)
			continue;
		if (dataset_item_digest(&others->items[i], own.sha256, d))
			return -1;
		if (!is_among(known, calib->count, &own))
			s->items[s->calibrated + s->held + s->others++] =
				&others->items[i];
	}
	return 0;
}

int compared_samples_init(struct compared_samples *s,
			  const struct dataset *calib, int calibrated,
			  const struct dataset *others, struct arena *a,
			  struct diag *d)
{
	int n = calibrated < CALIBRATED_MOST ? calibrated : CALIBRATED_MOST;

	*s = (struct compared_samples){ .calibrated = n,
					.held = calib->count - calibrated };
	s->items = arena_array(
		a, (size_t)n + (size_t)s->held + (size_t)others->count + 1,
		sizeof(*s->items));
	if (!s->items)
		return diag_error(d, "out of memory");
	for (int i = 0; i < n; i++)
		s->items[i] = &calib->items[(int64_t)i * calibrated / n];
	for (int i = 0; i < s->held; i++)
		s->items[n + i] = &calib->items[calibrated + i];
	return others->count ? add_others(s, calib, others, a, d) : 0;
}

struct fidelity_set compared_all(const struct compared_samples *s,
				 const struct config *c)
{
	return (struct fidelity_set){ c, s->items,
				      s->calibrated + s->held + s->others,
				      s->calibrated };
}

struct fidelity_set compared_held(const struct compared_samples *s,
				  const struct config *c)
{
	return (struct fidelity_set){ c, s->items + s->calibrated, s->held, 0 };
}
