/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_WORK_H
#define DBRT_WORK_H

#include "runtime/dbrt_internal.h"

/* Adds the work of an operator that has been checked; 64 bits, which stay at
 * their end instead of overflowing. */
void dbrt_work_add_op(struct dbrt_work *w, const struct dbrt_op_view *v);
/* Adds the work of a head that has been checked. */
void dbrt_work_add_head(struct dbrt_work *w, const struct dbp_head *h);

#endif
