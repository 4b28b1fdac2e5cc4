/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_H
#define DBRT_H

/*
 * libdbrt runs a packed model (.dbp) on the device. It allocates nothing and
 * has no global state: the caller provides the model's bytes, which are used
 * in place, and a work buffer (the arena) of dbrt_arena_bytes(). Calls on
 * different models may run in different threads.
 *
 *	struct dbrt_model m;
 *	int n = dbrt_load(&m, model_dbp, MODEL_DBP_LEN, arena, sizeof(arena));
 *
 *	if (n == DBRT_OK)
 *		n = dbrt_set_image(&m, 0, pixels, width, height, 3 * width);
 *	if (n == DBRT_OK)
 *		n = dbrt_run(&m);
 *	if (n == DBRT_OK)
 *		n = dbrt_detections(&m, found, 16);
 *
 * Every call on a struct of zeros, on a model that could not be opened, or
 * whose bytes have been overwritten, returns DBRT_ERROR_STATE, 0, or "".
 */
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The values are fixed: scripts and logs may rely on them. */
enum dbrt_status {
	DBRT_OK = 0,
	DBRT_ERROR_ARGUMENT = -1,  /* a NULL pointer, an index out of range */
	DBRT_ERROR_TRUNCATED = -2, /* fewer bytes than the header says */
	DBRT_ERROR_MAGIC = -3,     /* not a .dbp at all */
	DBRT_ERROR_VERSION = -4,   /* a newer major version */
	DBRT_ERROR_CHECKSUM = -5,
	DBRT_ERROR_FORMAT = -6,    /* a field out of its range */
	DBRT_ERROR_ALIGNMENT = -7, /* model or arena not aligned to 64 bytes */
	DBRT_ERROR_ARENA = -8,     /* arena missing or too small */
	DBRT_ERROR_UNSUPPORTED = -9, /* operator or width not in this build */
	DBRT_ERROR_INPUT = -10,      /* input of the wrong size */
	DBRT_ERROR_SELFTEST = -11,   /* outputs differ from the golden ones */
	DBRT_ERROR_NO_HEAD = -12,    /* the model has no detection head */
	DBRT_ERROR_CODED = -13, /* a coded model: dbrt_expand() comes first */
	DBRT_ERROR_STATE = -14, /* no model is open, or its bytes are other
				 * ones by now */
	DBRT_ERROR_LIMIT = -15, /* more than dbrt_open_limited() may accept */
	DBRT_ERROR_CANCELLED = -16 /* by the function of dbrt_set_tick() */
};

/* "ok", "checksum mismatch", ...; never NULL. */
const char *dbrt_status_text(int status);

/* The library's version, "0.1.0". */
const char *dbrt_version(void);

/*
 * Runs job(arg, i, worker) for every i in [0, count), in any order, on up to
 * `workers` threads. worker in [0, workers) is the number of the thread; no
 * two jobs run on one worker at the same time. Returns when all jobs are done.
 */
typedef void dbrt_job(void *arg, uint32_t i, uint32_t worker);
typedef void dbrt_parallel_for(void *ctx, uint32_t count, dbrt_job *job,
			       void *arg);

/*
 * The position of a photo in a model's input: point x of the photo is at x *
 * scale_x + left of the input. A width of 0 means no photo: points are in
 * pixels of the input.
 */
struct dbrt_frame {
	float scale_x, scale_y; /* input pixels per photo pixel */
	float left, top;
	uint32_t input_width, input_height;
	uint32_t width, height; /* of the photo */
};

/*
 * The work of a model: an upper bound in simple steps, not a time. A step is a
 * multiply-accumulate of a convolution or matrix product, or an element that
 * another operator reads or writes. schemas/dbp.md, "Work".
 */
struct dbrt_work {
	uint64_t steps;      /* of dbrt_run() */
	uint64_t bytes;      /* of tensors and weights, read and written */
	uint64_t head_steps; /* of dbrt_detections(), each time that it reads
			      * the scores */
	uint64_t candidates; /* of the head */
};

/* The most that a model may ask for; 0: any. */
struct dbrt_limits {
	size_t arena_bytes; /* for one worker */
	struct dbrt_work work;
};

struct dbrt_model;
/* Nonzero: the run is to end. See dbrt_set_tick(). */
typedef int dbrt_tick(void *ctx);
/* Called after operator `op` has run; see dbrt_set_trace(). */
typedef void dbrt_trace(void *ctx, const struct dbrt_model *m, uint32_t op);

/* Owned by the caller; the fields are private to the library. */
struct dbrt_model {
	const uint8_t *file;
	uint32_t file_bytes;
	uint32_t header_crc32; /* of the file that was checked */
	uint32_t section_offset[12], section_bytes[12]; /* by kind */
	uint32_t tensor_count, op_count;
	uint8_t *arena;
	size_t arena_bytes;
	uint32_t workers;
	dbrt_parallel_for *parallel;
	void *parallel_ctx;
	dbrt_trace *trace;
	void *trace_ctx;
	dbrt_tick *tick;
	void *tick_ctx;
	uint8_t *cancelled;                /* during a run */
	void (*run)(struct dbrt_model *m); /* all operators */
	struct dbrt_work work;
	struct dbrt_frame frame; /* of the last photo; width 0: none */
};

enum dbrt_dtype { DBRT_S8 = 1, DBRT_F32 = 2, DBRT_I32 = 3 };

/* A view of a tensor; data is NULL before dbrt_bind() unless constant. */
struct dbrt_tensor {
	const char *name; /* "" if the file has no names */
	enum dbrt_dtype dtype;
	uint32_t rank, dims[6];
	uint32_t pitch; /* elements between runs of the last dim */
	float scale;    /* S8: real = scale * (q - zero_point) */
	int32_t zero_point;
	void *data;
};

/*
 * Checks the whole file once: bounds, checksums, overlaps, the shapes of every
 * operator. For an accepted file, dbrt_run() never reads or writes out of
 * bounds, for any input. `dbp` must be aligned to 64 bytes and stay in memory
 * while the model is used. If it fails, no model is open.
 */
int dbrt_open(struct dbrt_model *m, const void *dbp, size_t bytes);
/*
 * The same for files that nobody vouches for: DBRT_ERROR_LIMIT if the model
 * asks for more than `limits` (NULL: none). Opening takes time in proportion
 * to the size of the file, whatever its operators do.
 */
int dbrt_open_limited(struct dbrt_model *m, const void *dbp, size_t bytes,
		      const struct dbrt_limits *limits);
int dbrt_work(const struct dbrt_model *m, struct dbrt_work *work);

/*
 * A stored model may be coded (compressed). dbrt_expanded_bytes() returns its
 * size in memory (0: it is not coded, or dbrt_expand() refuses it).
 * dbrt_expand() writes the expanded model to `out`, aligned to 64 bytes, for
 * dbrt_open(). If it fails, `out` holds no model. It needs about
 * DBRT_EXPAND_STACK bytes of stack and some 150 instructions for each bit of
 * the coded file, which are 1000 for each byte of a model with weights of 8
 * bits.
 */
size_t dbrt_expanded_bytes(const void *coded, size_t bytes);
int dbrt_expand(const void *coded, size_t bytes, void *out, size_t out_bytes);
#define DBRT_EXPAND_STACK 12800
/*
 * Does all steps for one thread: expands a coded model to the front of `ram`
 * (aligned to 64 bytes) and opens it there, or opens an uncoded model in
 * place; then binds it to the rest of `ram`. MODEL_ARENA_BYTES in the header
 * of a model is the size that this needs. If it fails, no model is open.
 */
int dbrt_load(struct dbrt_model *m, const void *dbp, size_t bytes, void *ram,
	      size_t ram_bytes);

/* Bytes of arena for `workers` threads (1 without a parallel_for). */
size_t dbrt_arena_bytes(const struct dbrt_model *m, uint32_t workers);
/* Gives the model its work buffer, aligned to 64 bytes, for one thread. */
int dbrt_bind(struct dbrt_model *m, void *arena, size_t arena_bytes);
/* The same, with several cores. */
int dbrt_bind_parallel(struct dbrt_model *m, void *arena, size_t arena_bytes,
		       uint32_t workers, dbrt_parallel_for *parallel,
		       void *ctx);

uint32_t dbrt_input_count(const struct dbrt_model *m);
uint32_t dbrt_output_count(const struct dbrt_model *m);
int dbrt_input(const struct dbrt_model *m, uint32_t i, struct dbrt_tensor *t);
int dbrt_output(const struct dbrt_model *m, uint32_t i, struct dbrt_tensor *t);

/* Raw elements in the type and order of the input, dense. */
int dbrt_set_input(struct dbrt_model *m, uint32_t i, const void *data,
		   size_t bytes);
/* Floats in the order of the input's dims, dense. S8 inputs are quantized
 * (rounded half to even and clamped; NaN becomes the zero point). */
int dbrt_set_input_f32(struct dbrt_model *m, uint32_t i, const float *data,
		       size_t count);
/*
 * An 8-bit RGB photo of any size, rows `stride` bytes apart, with the model's
 * preprocessing: resize, letterbox, colour order, mean and scale.
 * DBRT_ERROR_INPUT if the model has none.
 */
int dbrt_set_image(struct dbrt_model *m, uint32_t i, const uint8_t *rgb,
		   uint32_t width, uint32_t height, size_t stride);
/*
 * The resize step of dbrt_set_image(), before mean and scale: resized and
 * padded to `out_width` x `out_height` RGB. `fit` is an enum dbp_fit. The host
 * uses it for calibration. Integer arithmetic only. DBRT_ERROR_INPUT for sides
 * of 0, photo sides over 1 << 20, input sides over 65535, or rows that
 * overlap.
 */
int dbrt_fit_image(const uint8_t *rgb, uint32_t width, uint32_t height,
		   size_t stride, uint8_t *out, uint32_t out_width,
		   uint32_t out_height, int fit, int pad_value);
/* The position in which dbrt_fit_image() puts a photo; no side may be 0. */
struct dbrt_frame dbrt_frame_of(uint32_t width, uint32_t height,
				uint32_t out_width, uint32_t out_height,
				int fit);

int dbrt_run(struct dbrt_model *m);
/*
 * dbrt_run() calls tick(ctx) between operators, and within an operator that
 * works in bands between bands; there in the thread of worker 0. If it returns
 * nonzero, the run ends with DBRT_ERROR_CANCELLED, and outputs are undefined.
 * NULL: no calls.
 */
void dbrt_set_tick(struct dbrt_model *m, dbrt_tick *tick, void *ctx);

/* Output i as dense floats, S8 dequantized; `count` must be the number of its
 * elements. */
int dbrt_output_f32(const struct dbrt_model *m, uint32_t i, float *out,
		    size_t count);

/* In pixels of the photo of dbrt_set_image(), else of the input; if the input
 * is no image, in the units of the model. */
struct dbrt_detection {
	float x1, y1, x2, y2;
	float score;
	uint32_t class_id;
	uint32_t candidate; /* for dbrt_detection_points() */
};

/*
 * Detections of the last run by the head of the model: scores at or over its
 * threshold, after class-wise non-maximum suppression (greedy), best first
 * (equal scores: lower candidate, then lower class first), at most `max`. NaN
 * scores and boxes without an area inside of the photo are dropped. A
 * classifier returns its best class, with any score, as a box around the
 * photo. Returns the number of detections or a negative status. Uses only
 * `out` as memory; reads the scores at most `max` times, usually once.
 */
int dbrt_detections(const struct dbrt_model *m, struct dbrt_detection *out,
		    uint32_t max);
/* The same with other thresholds. */
int dbrt_detections_at(const struct dbrt_model *m, float score_threshold,
		       float nms_iou, struct dbrt_detection *out, uint32_t max);
/* Key points that the head gives with each detection; 0 without a head. */
uint32_t dbrt_point_count(const struct dbrt_model *m);
/*
 * The key points of a detection of the last run, in the order of the model: x
 * and y of each in pixels as boxes are, not clamped; NaN and infinities as the
 * model gives them. Stores at most `max` points; returns the number of points
 * of the head, or a negative status.
 */
int dbrt_detection_points(const struct dbrt_model *m,
			  const struct dbrt_detection *d, float *xy,
			  uint32_t max);
/*
 * The same on any float outputs, for the host. Rows of `last` elements are
 * `pitch` apart; dbrt_head_check() must have accepted the head. Returns the
 * number of detections.
 */
struct dbp_head;
struct dbrt_head_output {
	const float *data;
	uint32_t last, pitch;
};
int dbrt_select(const struct dbp_head *head,
		const struct dbrt_head_output *outputs,
		const struct dbrt_frame *frame, float score_threshold,
		float nms_iou, struct dbrt_detection *out, uint32_t max);
int dbrt_select_points(const struct dbp_head *head,
		       const struct dbrt_head_output *outputs,
		       const struct dbrt_frame *frame,
		       const struct dbrt_detection *d, float *xy, uint32_t max);
/*
 * Checks that a head of `bytes` (class names are not checked) stays inside of
 * outputs with `elements` elements each (0: no float tensor). DBRT_OK or
 * DBRT_ERROR_FORMAT.
 */
int dbrt_head_check(const struct dbp_head *head, size_t bytes,
		    const uint32_t *elements, uint32_t outputs);
/* Intersection over union. */
float dbrt_iou(const struct dbrt_detection *a, const struct dbrt_detection *b);
/* "" if the file has no name for it. */
const char *dbrt_class_name(const struct dbrt_model *m, uint32_t class_id);

/* Runs the model on its golden input and compares the hash of the outputs with
 * the golden hash. DBRT_ERROR_UNSUPPORTED if the file has none. The model must
 * be bound. */
int dbrt_selftest(struct dbrt_model *m);
/* The hash of dbrt_selftest(), for any seed. */
int dbrt_golden_crc32(struct dbrt_model *m, uint32_t seed, uint32_t *crc32);

/* For tools: access to every operator and tensor during a run. */
void dbrt_set_trace(struct dbrt_model *m, dbrt_trace *trace, void *ctx);
uint32_t dbrt_op_count(const struct dbrt_model *m);
/* dbrt_expand() with a trace: for every run of the model's bytes, and for
 * their end, the position in the model and in the coded file. */
typedef void dbrt_expand_trace(void *ctx, uint32_t at, uint32_t coded_at);
int dbrt_expand_traced(const void *coded, size_t bytes, void *out,
		       size_t out_bytes, dbrt_expand_trace *trace, void *ctx);
const char *dbrt_op_name(const struct dbrt_model *m, uint32_t op);
/* "conv", "max_pool", ...: the kind as in schemas/dbp.h. */
const char *dbrt_op_kind(const struct dbrt_model *m, uint32_t op);
/* What the time of a convolution depends on, beside its work. */
struct dbrt_conv_form {
	int depthwise, dilated;
	int weight_bits;      /* of the tiles: 2, 3, 4 or 8 */
	uint32_t weight_most; /* the size that no weight, */
	uint32_t input_most;  /* and no input code, is over */
	uint32_t kernel_h, kernel_w, stride_w;
	uint32_t columns;     /* products of an element of the output */
	uint32_t pixels;      /* of the output */
	uint64_t window_rows; /* copied before it multiplies; 0: in place */
};
/* 0; 1: the operator is no convolution. */
int dbrt_op_conv(const struct dbrt_model *m, uint32_t op,
		 struct dbrt_conv_form *form);
/* The part of dbrt_work() that is one operator's. */
int dbrt_op_work(const struct dbrt_model *m, uint32_t op,
		 struct dbrt_work *work);
/* dbp_op.source: the value in the graph of the writing tool. */
uint32_t dbrt_op_source(const struct dbrt_model *m, uint32_t op);
/* Tensor ids of an operator's outputs; count or a negative status. */
int dbrt_op_outputs(const struct dbrt_model *m, uint32_t op, uint32_t *ids,
		    uint32_t max);
int dbrt_tensor_at(const struct dbrt_model *m, uint32_t id,
		   struct dbrt_tensor *t);

#ifdef __cplusplus
}
#endif
#endif
