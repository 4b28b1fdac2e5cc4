/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_H
#define DBRT_H

/*
 * libdbrt runs a packed model (.dbp) on the device. It allocates nothing and
 * keeps no global state: the caller brings the model's bytes, which are used
 * in place, and a work buffer (the arena), whose size dbrt_arena_bytes()
 * tells. Calls on distinct models may run in distinct threads.
 *
 *	struct dbrt_model m;
 *	dbrt_load(&m, model_dbp, MODEL_DBP_LEN, arena, sizeof(arena));
 *	dbrt_set_image(&m, 0, pixels, width, height, 3 * width);
 *	dbrt_run(&m);
 *	n = dbrt_detections(&m, found, 16);
 */
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Pinned values: scripts and logs may rely on them. */
enum dbrt_status {
	DBRT_OK = 0,
	DBRT_ERROR_ARGUMENT = -1,  /* a NULL pointer, an index out of range */
	DBRT_ERROR_TRUNCATED = -2, /* fewer bytes than the file says it has */
	DBRT_ERROR_MAGIC = -3,     /* not a .dbp at all */
	DBRT_ERROR_VERSION = -4,   /* a newer major version */
	DBRT_ERROR_CHECKSUM = -5,
	DBRT_ERROR_FORMAT = -6,    /* a field out of its range */
	DBRT_ERROR_ALIGNMENT = -7, /* model or arena not aligned to 64 bytes */
	DBRT_ERROR_ARENA = -8,     /* arena missing or too small */
	DBRT_ERROR_UNSUPPORTED = -9, /* operator or width not in this build */
	DBRT_ERROR_INPUT = -10,      /* input of the wrong size */
	DBRT_ERROR_SELFTEST = -11,   /* outputs differ from the golden ones */
	DBRT_ERROR_NO_HEAD = -12,    /* the model does not say how to detect */
	DBRT_ERROR_CODED = -13 /* a coded model: dbrt_expand() comes first */
};

/* "ok", "checksum mismatch", ...; never NULL. */
const char *dbrt_status_text(int status);

/* The library's version, "0.1.0". */
const char *dbrt_version(void);

/*
 * Runs job(arg, i, worker) for every i in [0, count), in any order, on up to
 * `workers` threads; worker in [0, workers) names the thread, and no two jobs
 * run on one worker at a time. Returns when all are done.
 */
typedef void dbrt_job(void *arg, uint32_t i, uint32_t worker);
typedef void dbrt_parallel_for(void *ctx, uint32_t count, dbrt_job *job,
			       void *arg);

/*
 * Where a photo lies in a model's input: a point x of the photo is at
 * x * scale_x + left of the input. A width of 0 means no photo: points of
 * the input are given as they are.
 */
struct dbrt_frame {
	float scale_x, scale_y; /* input pixels a photo pixel */
	float left, top;
	uint32_t input_width, input_height;
	uint32_t width, height; /* of the photo */
};

struct dbrt_model;
/* Called after operator `op` has run; see dbrt_set_trace(). */
typedef void dbrt_trace(void *ctx, const struct dbrt_model *m, uint32_t op);

/* Caller-owned; the fields are the library's own. */
struct dbrt_model {
	const uint8_t *file;
	uint32_t file_bytes;
	uint32_t section_offset[12], section_bytes[12]; /* by kind */
	uint32_t tensor_count, op_count;
	uint8_t *arena;
	size_t arena_bytes;
	uint32_t workers;
	dbrt_parallel_for *parallel;
	void *parallel_ctx;
	dbrt_trace *trace;
	void *trace_ctx;
	struct dbrt_frame frame; /* of the last image; width 0: none */
};

enum dbrt_dtype { DBRT_S8 = 1, DBRT_F32 = 2, DBRT_I32 = 3 };

/* A view of a tensor; data is NULL before dbrt_bind() unless constant. */
struct dbrt_tensor {
	const char *name; /* "" where the file has no names */
	enum dbrt_dtype dtype;
	uint32_t rank, dims[6];
	uint32_t pitch; /* elements between runs of the last dim */
	float scale;    /* S8: real = scale * (q - zero_point) */
	int32_t zero_point;
	void *data;
};

/*
 * Checks the whole file once: bounds, checksums, overlaps, every operator's
 * shapes. What it accepts, dbrt_run() runs without reading or writing out of
 * bounds for any input. `dbp` must be aligned to 64 bytes and stay in place.
 */
int dbrt_open(struct dbrt_model *m, const void *dbp, size_t bytes);

/*
 * A model may be coded to be small where it is stored. dbrt_expanded_bytes()
 * tells how many bytes it becomes in memory (0: it is not coded);
 * dbrt_expand() writes them to `out`, aligned to 64 bytes, for dbrt_open(). It
 * takes about DBRT_EXPAND_STACK bytes of stack, and no time worth counting
 * beside a second: some 20 instructions a bit of the file.
 */
size_t dbrt_expanded_bytes(const void *coded, size_t bytes);
int dbrt_expand(const void *coded, size_t bytes, void *out, size_t out_bytes);
#define DBRT_EXPAND_STACK 12800
/*
 * All at once, for one thread: expands a coded model to the front of `ram`
 * (aligned to 64 bytes), opens it there, or any other where it is, and binds
 * it to the rest. The header of a model tells as MODEL_ARENA_BYTES how much
 * that takes.
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

/* Raw elements in the input's own type and order, dense. */
int dbrt_set_input(struct dbrt_model *m, uint32_t i, const void *data,
		   size_t bytes);
/* Floats in the order of the input's dims, dense; S8 inputs are quantized
 * (round half to even, clamp; NaN gives the zero point). */
int dbrt_set_input_f32(struct dbrt_model *m, uint32_t i, const float *data,
		       size_t count);
/*
 * An 8-bit RGB photo of any size, rows `stride` bytes apart, with the model's
 * own preprocessing: resize, letterbox, colour order, mean and scale.
 * DBRT_ERROR_INPUT where the model has none.
 */
int dbrt_set_image(struct dbrt_model *m, uint32_t i, const uint8_t *rgb,
		   uint32_t width, uint32_t height, size_t stride);
/*
 * The pixels behind dbrt_set_image, before mean and scale: resized and padded
 * to `out_width` x `out_height` RGB. `fit` as enum dbp_fit. For the host,
 * which shares it for calibration; integer arithmetic only.
 * DBRT_ERROR_INPUT for sides of 0, photo sides over 1 << 20, input sides over
 * 65535, or rows that overlap.
 */
int dbrt_fit_image(const uint8_t *rgb, uint32_t width, uint32_t height,
		   size_t stride, uint8_t *out, uint32_t out_width,
		   uint32_t out_height, int fit, int pad_value);
/* Where dbrt_fit_image() puts a photo; no side may be 0. */
struct dbrt_frame dbrt_frame_of(uint32_t width, uint32_t height,
				uint32_t out_width, uint32_t out_height,
				int fit);

int dbrt_run(struct dbrt_model *m);

/* Output i as dense floats, S8 dequantized; `count` must be its elements. */
int dbrt_output_f32(const struct dbrt_model *m, uint32_t i, float *out,
		    size_t count);

/* In pixels of the photo given to dbrt_set_image(), or of the input; as the
 * model gives them where its input is no picture. */
struct dbrt_detection {
	float x1, y1, x2, y2;
	float score;
	uint32_t class_id;
};

/*
 * Detections of the last run by the model's own head: at its threshold and
 * over, after class-wise non-maximum suppression, best first (equal scores:
 * lower candidate, then lower class first), at most `max`. Scores that are
 * NaN and boxes with no area inside of the photo are left out. A classifier
 * gives its best class, whatever its score, as a box around the photo.
 * Returns their number or a negative status. Uses only `out`; reads the
 * scores `max` times at most, as a rule once.
 */
int dbrt_detections(const struct dbrt_model *m, struct dbrt_detection *out,
		    uint32_t max);
/* The same with other thresholds than the file's. */
int dbrt_detections_at(const struct dbrt_model *m, float score_threshold,
		       float nms_iou, struct dbrt_detection *out, uint32_t max);
/*
 * The same rule on any float outputs, for the host. Rows of `last` elements
 * are `pitch` apart; the head must have passed dbrt_head_check(). Returns
 * their number; a classifier's head gives its best class.
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
/*
 * Whether a head of `bytes` (its names are not looked up) stays inside of
 * outputs of so many elements each; 0 for one that is no float tensor.
 * DBRT_OK or DBRT_ERROR_FORMAT.
 */
int dbrt_head_check(const struct dbp_head *head, size_t bytes,
		    const uint32_t *elements, uint32_t outputs);
/* Intersection over union. */
float dbrt_iou(const struct dbrt_detection *a, const struct dbrt_detection *b);
/* "" where the file has no name for it. */
const char *dbrt_class_name(const struct dbrt_model *m, uint32_t class_id);

/* Runs the model on its golden input and compares with the golden hash.
 * DBRT_ERROR_UNSUPPORTED where the file has none. Needs a bound arena. */
int dbrt_selftest(struct dbrt_model *m);
/* The hash that dbrt_selftest() compares, from any seed. */
int dbrt_golden_crc32(struct dbrt_model *m, uint32_t seed, uint32_t *crc32);

/* For tools: look at every operator and tensor as it runs. */
void dbrt_set_trace(struct dbrt_model *m, dbrt_trace *trace, void *ctx);
uint32_t dbrt_op_count(const struct dbrt_model *m);
/* dbrt_expand() that tells, for every run of the model's bytes and for their
 * end, where the run begins and where in the coded file it is read from. */
typedef void dbrt_expand_trace(void *ctx, uint32_t at, uint32_t coded_at);
int dbrt_expand_traced(const void *coded, size_t bytes, void *out,
		       size_t out_bytes, dbrt_expand_trace *trace, void *ctx);
const char *dbrt_op_name(const struct dbrt_model *m, uint32_t op);
/* "conv", "max_pool", ...; the kind as in schemas/dbp.h. */
const char *dbrt_op_kind(const struct dbrt_model *m, uint32_t op);
/* Width of the codes that an operator with weights multiplies them with, 4 or
 * 8; 0: it has none. */
int dbrt_op_input_bits(const struct dbrt_model *m, uint32_t op);
/* dbp_op.source: which value of its tool's graph the operator computes. */
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
