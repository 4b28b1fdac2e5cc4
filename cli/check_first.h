/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_CHECK_FIRST_H
#define DBC_CLI_CHECK_FIRST_H

#include "base/diag.h"
#include "ir/config.h"

/*
 * Checks before the work what a conversion needs after it: that the output
 * folder and the reports can be written, that labels can be read, and that
 * there are photos to measure accuracy on, each with the beginning of a photo.
 * Nothing is written. 0, or -1 with a diagnostic.
 */
int check_first(const struct config *c, struct diag *d);

#endif
