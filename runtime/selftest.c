/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/dbrt_internal.h"

/* The linear congruential generator of Numerical Recipes; its high byte is the
 * code. */
static int32_t next_code(uint32_t *state)
{
	int32_t byte;

	*state = *state * 1664525u + 1013904223u;
	byte = (int32_t)(*state >> 24);
	return byte < 128 ? byte : byte - 256;
}

static void fill_row(uint8_t *row, const struct dbp_tensor *t, uint32_t *state)
{
	int8_t *codes = (int8_t *)row;
	float *floats = (float *)(void *)row;
	int32_t *ints = (int32_t *)(void *)row;

	for (uint32_t i = 0; i < t->dims[t->rank - 1]; i++) {
		int32_t code = next_code(state);

		if (t->dtype == DBP_S8)
			codes[i] = (int8_t)code;
		else if (t->dtype == DBP_F32)
			floats[i] = (float)code * (1.0f / 128);
		else
			ints[i] = code;
	}
}

static void fill_input(const struct dbrt_model *m, uint32_t id, uint32_t *state)
{
	const struct dbp_tensor *t = dbrt_tensor_row(m, id);
	uint32_t rows = dbrt_elements(t) / t->dims[t->rank - 1];
	size_t stride = (size_t)t->pitch * dbrt_element_bytes(t);
	uint8_t *row = dbrt_data(m, t);

	for (uint32_t i = 0; i < rows; i++)
		fill_row(row + i * stride, t, state);
}

static uint32_t hash_output(const struct dbrt_model *m, uint32_t id,
			    uint32_t crc)
{
	const struct dbp_tensor *t = dbrt_tensor_row(m, id);
	uint32_t last = t->dims[t->rank - 1], size = dbrt_element_bytes(t);
	uint32_t rows = dbrt_elements(t) / last;
	const uint8_t *data = dbrt_data(m, t);

	for (uint32_t i = 0; i < rows; i++)
		crc = dbrt_crc32(crc, data + (size_t)i * t->pitch * size,
				 (size_t)last * size);
	return crc;
}

int dbrt_golden_crc32(struct dbrt_model *m, uint32_t seed, uint32_t *crc32)
{
	const struct dbp_io *io;
	const uint32_t *ids;
	uint32_t crc = 0;
	int status;

	status = dbrt_open_status(m);
	if (status != DBRT_OK)
		return status;
	if (!crc32)
		return DBRT_ERROR_ARGUMENT;
	if (!m->arena)
		return DBRT_ERROR_ARENA;
	io = dbrt_section(m, DBP_SECTION_IO);
	ids = (const uint32_t *)(io + 1);
	for (uint32_t i = 0; i < io->input_count; i++)
		fill_input(m, ids[i], &seed);
	status = dbrt_run(m);
	if (status != DBRT_OK)
		return status;
	for (uint32_t i = 0; i < io->output_count; i++)
		crc = hash_output(m, ids[io->input_count + i], crc);
	*crc32 = crc;
	return DBRT_OK;
}

int dbrt_selftest(struct dbrt_model *m)
{
	const struct dbp_golden *golden;
	uint32_t crc;
	int status;

	status = dbrt_open_status(m);
	if (status != DBRT_OK)
		return status;
	golden = dbrt_section(m, DBP_SECTION_GOLDEN);
	if (!golden)
		return DBRT_ERROR_UNSUPPORTED;
	status = dbrt_golden_crc32(m, golden->seed, &crc);
	if (status != DBRT_OK)
		return status;
	return crc == golden->crc32 ? DBRT_OK : DBRT_ERROR_SELFTEST;
}
