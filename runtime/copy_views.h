/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_COPY_VIEWS_H
#define DBRT_COPY_VIEWS_H

#include "runtime/tensor_walk.h"

/* views[0] = views[1], elements of any type. The views are apart or the same.
 */
void dbrt_copy_views(const struct dbrt_model *m, const struct dbrt_view *views);

/* views[0] = table[views[1] + 128], codes. */
void dbrt_map_views(const struct dbrt_model *m, const struct dbrt_view *views,
		    const int8_t *table);

#endif
