/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_ACTIVATIONS_ACTIVATION_BITS_H
#define DBC_QUANTIZER_ACTIVATIONS_ACTIVATION_BITS_H

#include "base/parallel.h"
#include "ir/graph.h"
#include "ir/samples.h"

/* A scale group that layers multiply, which may have fewer bits than 8. */
struct activation_group {
	uint32_t group;
	double macs; /* multiply-accumulates of its readers */
	double loss; /* squared error over variance of the heads, with this
		      * group quantized alone */
};

struct activation_groups {
	struct activation_group *rows;
	int count;
	double all_macs; /* of the network */
};

/* Lists the groups in low_bit, without losses, in the arena. -1: out of
 * memory. */
int activation_groups_list(const struct graph *g, const uint32_t *scale_group,
			   const bool *low_bit, struct arena *a,
			   struct activation_groups *out);

/* Measures the loss of each group at the bits that its values have. -1 with a
 * diagnostic. */
int activation_groups_measure(const struct graph *g,
			      const struct samples *samples,
			      const uint32_t *scale_group,
			      struct activation_groups *groups, int jobs,
			      const struct progress *p, struct diag *d);

/* Gives 8 bits (bits[group]) to the groups that lose most for the
 * multiply-accumulates that read them, until a tenth of all reads 8 bits. Sorts
 * the groups. */
void activation_bits_raise(struct activation_groups *groups, uint8_t *bits);

#endif
