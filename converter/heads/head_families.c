/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/heads/head_families.h"

#include <string.h>

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

const struct head_family *head_family_named(const char *name)
{
	const struct head_family *f;

	for (int i = 0; (f = head_family_at(i)); i++)
		if (f->preprocess && !strcmp(f->name, name))
			return f;
	return NULL;
}

const struct usual_preprocess *head_preprocess(const struct head *h)
{
	if (h->left)
		return h->left;
	return h->data && h->family ? h->family->preprocess : NULL;
}

/* Whether an earlier family has the same. */
static bool is_repeated(int family)
{
	const struct usual_preprocess *u = families[family]->preprocess;

	for (int i = 0; i < family; i++)
		if (families[i]->preprocess == u)
			return true;
	return false;
}

const struct usual_preprocess *head_preprocess_at(int i, const char **family)
{
	for (int k = 0; head_family_at(k); k++) {
		if (!families[k]->preprocess || is_repeated(k) || i-- > 0)
			continue;
		*family = families[k]->name;
		return families[k]->preprocess;
	}
	return NULL;
}
