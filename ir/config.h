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

/* `--shape NAME=1x3x320x320`; name NULL: the only input. */
struct config_shape {
	const char *input;
	struct shape shape;
};

/* What the quantizer may do; each can be left out to see what it adds. */
enum method {
	METHOD_CLIP = 1,        /* ranges by squared error, not extremes */
	METHOD_CHANNELS = 2,    /* activations with a scale a channel */
	METHOD_BIAS = 4,        /* biases corrected */
	METHOD_COMPENSATE = 8,  /* errors made up for by later weights */
	METHOD_TARGET = 16,     /* and those of the layers before */
	METHOD_IMPORTANCE = 32, /* channels weighed by gradients */
	METHOD_ENTROPY = 64,    /* codes that are cheap to write */
	METHOD_SEARCH = 128,    /* a width for each layer */
	METHOD_TRELLIS = 256,   /* codes that depend on those before */
	METHOD_LEVELS = 512,    /* of the channels' own, in fixed tiles */
	METHOD_TABLES = 1024,   /* finer codes in front of tables */
	METHOD_CENTER = 2048,   /* channels moved about zero */
	METHOD_ALL = 4095,
};
/* Their names, in the order of their bits, with something between them. */
#define METHOD_NAMES(between)                                                 \
	"clip" between "channels" between "bias" between "compensate" between \
	"target" between "importance" between "entropy" between               \
	"search" between "trellis" between "levels" between "tables" between  \
	"center"

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
	int act_bits;           /* 4, 8 */
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
	bool mean_given, scale_given, color_given;
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

#endif
