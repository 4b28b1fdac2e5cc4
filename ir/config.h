/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_IR_CONFIG_H
#define DBC_IR_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/graph.h"

#define CONFIG_MAX_SHAPES 16
#define CONFIG_MAX_REPORTS 4

enum color_order { COLOR_RGB, COLOR_BGR, COLOR_GRAY };
enum resize_rule { RESIZE_STRETCH, RESIZE_LETTERBOX, RESIZE_LETTERBOX_TOPLEFT };

/* How a photo becomes the input: (pixel - mean) / std in the channel order of
 * the model. Doubles, so that the floats are those of options. */
struct usual_preprocess {
	enum color_order color;
	double mean[3], std[3];
	enum resize_rule resize;
	int pad_value;
	bool left_by_graph; /* the graph does the rest itself */
	bool either_color;  /* weights of both orders are in circulation */
};

/* Where the preprocessing comes from. */
enum preprocess_source {
	PREPROCESS_ASSUMED,  /* nothing is known: RGB, 0 to 1, stretched */
	PREPROCESS_GIVEN,    /* by options */
	PREPROCESS_FAMILY,   /* usual for the head */
	PREPROCESS_METADATA, /* of the model file */
	PREPROCESS_FOUND,    /* by trying, --preprocess auto */
	PREPROCESS_GRAPH,    /* what the graph leaves to do */
};
enum preprocess_choice { PREPROCESS_USUAL, PREPROCESS_AUTO, PREPROCESS_PLAIN };

/* `--shape NAME=1x3x320x320`; name NULL: the only input. */
struct config_shape {
	const char *input;
	struct shape shape;
};

/*
 * What the quantizer may do, a row each: identifier and name for
 * --method.
 * Each can be left out to see what it adds.
 */
#define METHODS(METHOD)                                      \
	/* ranges by squared error, not extremes */          \
	METHOD(CLIP, "clip")                                 \
	/* activations with a scale a channel */             \
	METHOD(PER_CHANNEL, "per-channel")                   \
	/* bias correction */                                \
	METHOD(BIAS, "bias")                                 \
	/* later weights compensate for rounding errors */   \
	METHOD(GPTQ, "gptq")                                 \
	/* and for the errors of earlier layers */           \
	METHOD(ASYMMETRIC, "asymmetric")                     \
	/* output channels weighted by Fisher information */ \
	METHOD(FISHER, "fisher")                             \
	/* entropy-constrained codes */                      \
	METHOD(RATE, "rate")                                 \
	/* mixed precision: a width for each layer */        \
	METHOD(SEARCH, "search")                             \
	/* trellis-coded quantization */                     \
	METHOD(TRELLIS, "trellis")                           \
	/* levels fitted to each channel, in fixed tiles */  \
	METHOD(CODEBOOK, "codebook")                         \
	/* 10-bit codes in front of tables */                \
	METHOD(FINE_TABLES, "fine-tables")                   \
	/* channels moved to lie about zero */               \
	METHOD(CENTERING, "centering")                       \
	/* factors moved from outliers among channels */     \
	METHOD(EQUALIZATION, "equalization")

enum method_row {
#define METHOD_ROW(id, name) METHOD_ROW_##id,
	METHODS(METHOD_ROW) METHOD_COUNT
#undef METHOD_ROW
};
enum method {
#define METHOD_BIT(id, name) METHOD_##id = 1 << METHOD_ROW_##id,
	METHODS(METHOD_BIT) METHOD_ALL = (1 << METHOD_COUNT) - 1
#undef METHOD_BIT
};
/* "clip|per-channel|...": a constant, in the order of the bits. */
#define METHOD_NAME(id, name) "|" name
#define METHOD_NAMES (&METHODS(METHOD_NAME)[1])

/* Widths of activations that the search chooses; over 8, since it begins with
 * 8 everywhere. */
#define ACT_BITS_AUTO 16

enum effort { EFFORT_FAST, EFFORT_NORMAL, EFFORT_BEST };

/*
 * What the user asked for: every long option and key of dbconvert.yaml ends
 * here, with its default. Read-only once parsed; strings are owned by cli.
 * A limit of 0 is no limit.
 */
struct config {
	const char *model_path;
	const char *target;     /* name or FILE.yaml; default "a53" */
	int bits;               /* 2, 3, 4, 8; default 8 */
	int act_bits;           /* 4, 5, 6, 8 or ACT_BITS_AUTO */
	bool uniform;           /* forbid raising layers over `bits` */
	int methods;            /* enum method, together */
	enum effort effort;     /* default EFFORT_NORMAL */
	const char *calib;      /* folder, list file or NULL: data-free */
	const char *images;     /* labelled photos; NULL: those held out */
	const char *labels;     /* file or folder */
	float min_accuracy;     /* least map50 or top1; 0: any */
	float min_fidelity;     /* least agreement with float; 0: any */
	const char *output_dir; /* default "." */
	const char *reports[CONFIG_MAX_REPORTS];
	int report_count;
	struct config_shape shapes[CONFIG_MAX_SHAPES];
	int shape_count;

	/* preprocessing: value = (pixel - mean) * scale, model's channel order
	 */
	float mean[4], scale[4];
	bool mean_given, scale_given, color_given, resize_given, pad_given;
	/* where none of them is given; a source other than ASSUMED says that
	 * they were set, and from where */
	enum preprocess_choice preprocess;
	enum preprocess_source preprocess_source;
	enum color_order color;
	enum resize_rule resize;
	int pad_value; /* letterbox padding, 0 to 255 */

	int64_t max_latency_us, max_size_bytes, max_ram_bytes;
	bool allow_resize; /* a smaller input may meet the latency */

	/* detections */
	const char *head;      /* FILE.yaml or NULL: recognised */
	const char *classes;   /* names, with commas between, or a file */
	float score_threshold; /* default -1: the head's own, or 0.5 */
	float nms_iou; /* default -1: the head's own, or 0.5 (faces 0.4) */

	int jobs;               /* threads; default: the machine's cores */
	uint64_t seed;          /* default 1 */
	const char *dump_after; /* pass name or NULL */
	bool quiet, verbose;
};

/* Every field at its default. */
void config_init(struct config *c);
/* Whether an option of the preprocessing is given. */
bool config_has_preprocess(const struct config *c);
/* Sets the options of the preprocessing. */
void config_set_preprocess(struct config *c, const struct usual_preprocess *u,
			   enum preprocess_source source);

#endif
