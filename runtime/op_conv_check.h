/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_OP_CONV_CHECK_H
#define DBRT_OP_CONV_CHECK_H

#include "runtime/dbrt_internal.h"

/* The check() of both convolutions: types, shapes, weights, tables, scratch. */
int dbrt_conv_check_common(const struct dbrt_op_view *v, int transposed);
/* A table follows the rounded accumulator. */
int dbrt_conv_has_table(const struct dbp_conv *p);

#endif
