/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_PASSES_PASSES_H
#define DBC_PASSES_PASSES_H

#include "ir/config.h"
#include "base/diag.h"
#include "ir/graph.h"

/*
 * Every pass has this form: it changes the graph and nothing else, and what
 * it learns it leaves on the graph. 0, or -1 with a diagnostic. Passes never
 * call each other; converter/pipeline.c is the table that orders them.
 */
typedef int pass_fn(struct graph *g, const struct config *c, struct diag *d);

/* Gives every value a type and a shape, with --shape applied to the inputs.
 * Nodes whose inputs are all constants are evaluated on the way, because
 * later shapes depend on their values. After it no dim is unknown. */
pass_fn pass_infer_shapes;
/* Replaces nodes with constant inputs by their value. */
pass_fn pass_fold_constants;
/* Removes what computes nothing: Identity, Dropout, Cast to the same type,
 * Reshape/Transpose/Slice/Pad/Expand/Resize/Concat that change nothing,
 * transposes that cancel, reshapes of reshapes. */
pass_fn pass_drop_identities;
/* Removes nodes and values that no graph output depends on. */
pass_fn pass_drop_dead;
/* QuantizeLinear and DequantizeLinear of one scale to a Quant. */
pass_fn pass_join_rounding;
/* MatMul+Add to Gemm; Gemm/MatMul with constant weights in canonical form. */
pass_fn pass_canonicalize_matmul;
/* BatchNormalization into the Conv, ConvTranspose or Gemm before it (or after
 * it, where that is exact); what remains becomes a depthwise 1x1 Conv on
 * rank-4 values, Mul+Add on others. Also per-channel Mul and Add constants
 * after a Conv. */
pass_fn pass_fold_batchnorm;
/* Recognises activations written out in several nodes (SiLU, HardSwish,
 * Gelu, Mish, ...) and makes each one node. */
pass_fn pass_recognise_activations;
/* Four strided Slices and a Concat (YOLO's Focus) to SpaceToDepth plus a
 * channel permutation folded into the Conv behind it, or left as it is where
 * there is none; Reshape-Transpose-Reshape to ChannelShuffle; ShuffleNet V2's
 * Gather of every second channel to a Slice. */
pass_fn pass_recognise_shuffles;
/* The sum of two Convs of the same form to one Conv of a Concat. */
pass_fn pass_merge_sums;
/* Puts activations behind Conv, ConvTranspose, Gemm, MatMul, Add, Mul,
 * Concat-free producers that have one reader into node->act. */
pass_fn pass_fuse_activations;
/* Marks the decode tail (node->tail): everything behind the last Conv, Gemm
 * or MatMul with weights on every path to an output, except what belongs to
 * the network itself. */
pass_fn pass_recognise_tail;
/* Spatial operators to NHWC: transposes around each, pushed along and
 * cancelled; the remaining ones stay explicit. Inputs of rank 4 with 1, 3 or
 * 4 channels become NHWC themselves. */
pass_fn pass_layout_nhwc;

#endif
