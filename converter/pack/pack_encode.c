/* SPDX-License-Identifier: Apache-2.0 */
/* The file of a packed model: its bytes, or their coded form. */
#include "converter/pack/pack_encode.h"

#include "converter/pack/coded_sizes.h"
#include "converter/pack/entropy_encode.h"

static int note_file_bytes(struct packed *p, struct diag *d)
{
	struct coded_map map = { 0 };

	if (p->file != p->bytes &&
	    coded_map_make(&map, p->file, p->file_size, p->size)) {
		coded_map_free(&map);
		return diag_error(d, "out of memory");
	}
	for (int i = 0; i < p->layer_count; i++)
		p->layers[i].file_bytes =
			coded_map_layer_bytes(&map, p->bytes, (uint32_t)i);
	coded_map_free(&map);
	return 0;
}

int pack_encode(struct packed *p, bool coded, struct arena *a, struct diag *d)
{
	p->file = p->bytes;
	p->file_size = p->size;
	p->ram_bytes = p->arena_bytes;
	if (coded &&
	    coded_file_make(p->bytes, p->size, a, &p->file, &p->file_size, d))
		return -1;
	/* a coded file is expanded into memory */
	if (p->file != p->bytes)
		p->ram_bytes += (uint32_t)dbp_align_up(p->size);
	return note_file_bytes(p, d);
}
