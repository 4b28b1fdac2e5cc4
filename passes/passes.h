/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_PASSES_PASSES_H
#define DBC_PASSES_PASSES_H

#include "ir/config.h"
#include "base/diag.h"
#include "ir/graph.h"

/*
 * Every pass has this form: it changes only the graph, and leaves its results
 * on the graph. 0, or -1 with a diagnostic. Passes never call each other; the
 * table in passes/pipeline.c orders them.
 */
typedef int pass_fn(struct graph *g, const struct config *c, struct diag *d);

/* Shape inference: gives every value a type and a shape, with --shape applied
 * to the inputs. Nodes with constant inputs are evaluated, because later
 * shapes depend on their values. Afterwards no dim is unknown. */
pass_fn pass_infer_shapes;
/* Inputs of integers become float inputs with the same values: the file's type
 * stays as value->declared. Readers that want integers get them by a Cast. */
pass_fn pass_float_inputs;
/* DequantizeLinear moves in front of operators that only move codes. */
pass_fn pass_dequantize_early;
/* Activations that are quantized by their range at run time become floats:
 * DynamicQuantizeLinear goes, and weights keep their codes. */
pass_fn pass_drop_dynamic_scales;
/* Constant folding: replaces nodes with constant inputs by their value. */
pass_fn pass_fold_constants;
/* Removes nodes that compute nothing: Identity, Dropout, Cast to the same
 * type, Reshape/Transpose/Slice/Pad/Expand/Resize/Concat that change nothing,
 * transposes that cancel, reshapes of reshapes. */
pass_fn pass_drop_identities;
/* Removes nodes and values that no graph output depends on. */
pass_fn pass_drop_dead;
/* QuantizeLinear and DequantizeLinear with one scale become a Quant. */
pass_fn pass_join_rounding;
/* MatMul and Add become Gemm; Gemm and MatMul with constant weights get one
 * form. */
pass_fn pass_canonicalize_matmul;
/* Folds BatchNormalization into the Conv, ConvTranspose or Gemm before it (or
 * after it, if that is exact); the rest becomes a depthwise 1x1 Conv on values
 * of rank 4, or Mul and Add. Also folds Mul and Add constants of channels
 * after a Conv. */
pass_fn pass_fold_batchnorm;
/* Recognises activations that are written as several nodes (SiLU, HardSwish,
 * Gelu, Mish, ...) and makes each one node. */
pass_fn pass_recognise_activations;
/* Four strided Slices and a Concat (YOLO's Focus) become SpaceToDepth, with a
 * channel permutation folded into the Conv behind it; without such a Conv they
 * stay. Reshape-Transpose-Reshape becomes ChannelShuffle. ShuffleNet V2's
 * Gather of every second channel becomes a Slice. */
pass_fn pass_recognise_shuffles;
/* ScatterND at constant places that form a box (`y[..., 0:2] = value` in
 * PyTorch) becomes Slice and Concat; a Slice of one part of a Concat reads the
 * part. */
pass_fn pass_recognise_writes;
/* The sum of two Convs of the same form becomes one Conv of a Concat. */
pass_fn pass_merge_sums;
/* Moves an activation behind a Conv, ConvTranspose, Gemm, MatMul, Add or Mul
 * that has no other reader into node->act. */
pass_fn pass_fuse_activations;
/* Functions of one value that are written as several nodes become one Function
 * (ir/function_body.h). */
pass_fn pass_fuse_functions;
/* Marks the decode tail (node->tail): all nodes behind the last Conv, Gemm or
 * MatMul with weights on every path to an output, except nodes that belong to
 * the network itself. */
pass_fn pass_recognise_tail;
/* Convolutions and pools of N,C,L become ones of N,C,1,L. */
pass_fn pass_raise_1d;
/* Pads of a Conv that reach the size of its kernel become a Pad in front. */
pass_fn pass_pad_windows;
/* Brings spatial operators to NHWC: Transposes are put around each, moved and
 * cancelled; the remaining ones stay. Inputs of rank 4 with 1, 3 or 4 channels
 * become NHWC themselves. */
pass_fn pass_layout_nhwc;

#endif
