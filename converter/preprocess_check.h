/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_PREPROCESS_CHECK_H
#define DBC_CONVERTER_PREPROCESS_CHECK_H

#include "converter/preprocess_trial.h"

/*
 * Compares the preprocessing that was taken without being asked for with others
 * on the photos where the model finds most: another scale, the other order of
 * colours, another resize. A clear contradiction is a warning with the numbers
 * and the options. 0, or -1 with a diagnostic.
 */
int preprocess_check(struct trial *t);

#endif
