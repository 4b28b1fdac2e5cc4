/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/heads/head_families.h"

static const struct head_family *const families[] = {
#define FAMILY(id) &head_family_##id,
#include "converter/heads/head_families.def"
#undef FAMILY
};

const struct head_family *head_family_at(int i)
{
	int count = (int)(sizeof(families) / sizeof(families[0]));

	return i < count ? families[i] : NULL;
}
