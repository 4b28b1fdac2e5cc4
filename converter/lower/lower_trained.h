/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_LOWER_LOWER_TRAINED_H
#define DBC_CONVERTER_LOWER_LOWER_TRAINED_H

#include "converter/lower/lower_conv.h"

/*
 * Where input, weights and output are on grids that the model was trained
 * with, every code of the output is to be the one that training gave: finds
 * the scaling of each channel, or tables of the sums, and multiplies the
 * weights. Float sums get their bias behind them where few bits make whole
 * sums coarse. Changes nothing elsewhere. -1 after an error.
 */
int lower_trained(struct lower *l, struct conv *c);

#endif
