/* SPDX-License-Identifier: Apache-2.0 */
/* The program and the build file beside a model in C. */
#include "converter/emit/emit_c.h"

static const char program[] =
	"#include <stdio.h>\n"
	"#include <stdlib.h>\n\n"
	"#include \"@_run.h\"\n\n"
	"#define MAX_FOUND 100\n\n"
	"static unsigned char arena[@_ARENA] "
	"__attribute__((aligned(64)));\n\n"
	"/* The outputs' first numbers, of a model without a head. */\n"
	"static void print_outputs(const struct dbrt_model *m)\n{\n"
	"\tfor (uint32_t i = 0; i < dbrt_output_count(m); i++) {\n"
	"\t\tstruct dbrt_tensor t;\n\n"
	"\t\tdbrt_output(m, i, &t);\n"
	"\t\tfor (uint32_t k = 0; k < t.dims[t.rank - 1] && k < 16; k++)\n"
	"\t\t\tif (t.dtype == DBRT_F32)\n"
	"\t\t\t\tprintf(\"%g \", (double)((const float *)t.data)[k]);\n"
	"\t\t\telse if (t.dtype == DBRT_S8)\n"
	"\t\t\t\tprintf(\"%d \", ((const int8_t *)t.data)[k]);\n"
	"\t\tprintf(\"\\n\");\n\t}\n}\n\n"
	"static int print_found(const struct dbrt_model *m)\n{\n"
	"\tstatic struct dbrt_detection found[MAX_FOUND];\n"
	"\tint n = dbrt_detections(m, found, MAX_FOUND);\n\n"
	"\tfor (int i = 0; i < n; i++) {\n"
	"\t\tconst char *name = dbrt_class_name(m, found[i].class_id);\n\n"
	"\t\tif (*name)\n\t\t\tprintf(\"%s\", name);\n"
	"\t\telse\n\t\t\tprintf(\"%u\", (unsigned)found[i].class_id);\n"
	"\t\tprintf(\" %.3f %.1f %.1f %.1f %.1f\\n\", "
	"(double)found[i].score,\n"
	"\t\t       (double)found[i].x1, (double)found[i].y1, "
	"(double)found[i].x2,\n\t\t       (double)found[i].y2);\n\t}\n"
	"\tif (n == DBRT_ERROR_NO_HEAD)\n\t\tprint_outputs(m);\n"
	"\treturn n < 0 && n != DBRT_ERROR_NO_HEAD ? n : DBRT_OK;\n}\n\n"
	"static int work(unsigned width, unsigned height)\n{\n"
	"\tstatic struct dbrt_model m;\n"
	"\tsize_t bytes = (size_t)3 * width * height;\n"
	"\tunsigned char *rgb = (unsigned char *)malloc(bytes);\n"
	"\tint status = @_open(&m, arena, sizeof(arena));\n\n"
	"\tif (!rgb || fread(rgb, 1, bytes, stdin) != bytes)\n"
	"\t\tstatus = DBRT_ERROR_INPUT;\n"
	"\tif (status == DBRT_OK)\n"
	"\t\tstatus = dbrt_set_image(&m, 0, rgb, width, height, "
	"(size_t)3 * width);\n"
	"\tif (status == DBRT_OK)\n\t\tstatus = dbrt_run(&m);\n"
	"\tif (status == DBRT_OK)\n\t\tstatus = print_found(&m);\n"
	"\tfree(rgb);\n\treturn status;\n}\n\n"
	"int main(int argc, char **argv)\n{\n"
	"\tint width = argc == 3 ? atoi(argv[1]) : 0;\n"
	"\tint height = argc == 3 ? atoi(argv[2]) : 0;\n"
	"\tint status;\n\n"
	"\tif (width < 1 || height < 1 || width > 16384 || height > 16384) {\n"
	"\t\tfprintf(stderr, \"usage: %s WIDTH HEIGHT <photo.rgb\\n\", "
	"argv[0]);\n\t\treturn 2;\n\t}\n"
	"\tstatus = work((unsigned)width, (unsigned)height);\n"
	"\tif (status != DBRT_OK)\n"
	"\t\tfprintf(stderr, \"%s\\n\", dbrt_status_text(status));\n"
	"\treturn status != DBRT_OK;\n}\n";

static const char cmake[] =
	"cmake_minimum_required(VERSION 3.13)\n"
	"project(@ C)\n"
	"set(DBRT \"\" CACHE PATH \"dbconvert's sources, with runtime/\")\n"
	"file(GLOB SOURCES ${DBRT}/runtime/*.c)\n"
	"if(NOT SOURCES)\n"
	"  message(FATAL_ERROR \"give -DDBRT=FOLDER, which has runtime/\")\n"
	"endif()\n"
	"add_library(dbrt STATIC ${SOURCES})\n"
	"target_compile_definitions(dbrt PRIVATE DBRT_PORTABLE)\n"
	"target_include_directories(dbrt PUBLIC ${DBRT} ${DBRT}/runtime)\n"
	"target_compile_options(dbrt PUBLIC -ffunction-sections "
	"-fdata-sections\n  -ffp-contract=off -fno-math-errno)\n"
	"set(CMAKE_C_STANDARD 99)\n"
	"add_executable(@ main.c @_run.c @_ops.c)\n"
	"target_link_libraries(@ PRIVATE dbrt -Wl,--gc-sections)\n";

/* The text with the prefix for '@'. */
static void print_with(const char *text, const char *prefix, FILE *out)
{
	for (; *text; text++)
		if (*text == '@')
			fputs(prefix, out);
		else
			fputc(*text, out);
}

void emit_c_main(const char *prefix, FILE *out)
{
	fprintf(out,
		"/* Made by dbconvert %s: prints what the model finds in "
		"a photo of RGB bytes. */\n",
		dbrt_version());
	print_with(program, prefix, out);
}

void emit_c_cmake(const char *prefix, FILE *out)
{
	print_with(cmake, prefix, out);
}
