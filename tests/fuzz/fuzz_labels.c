/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Labels of any bytes. The first byte chooses the format: `{` COCO, `<` Pascal
 * VOC, a digit YOLO, others lines of `photo,class` and a table of attributes. A
 * zero byte ends the labels; the data.yaml of YOLO follows it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "converter/data/annotations.h"
#include "tests/support/fuzz_seed.h"

static const char coco[] =
	"{\"images\": [{\"id\": 1, \"file_name\": \"a/one.jpg\", \"width\": 64,"
	"\"height\": 48, \"attributes\": {\"night\": true, \"lux\": 7.5, "
	"\"place\": \"porch\"}}, {\"id\": \"two\", \"file_name\": "
	"\"two.png\"}],\n"
	"\"categories\": [{\"id\": 3, \"name\": \"bird\"}, {\"id\": 1.0, "
	"\"name\": \"cat\"}],\n"
	"\"annotations\": [{\"id\": 1, \"image_id\": 1, \"category_id\": 3, "
	"\"bbox\": [1, 2.5, 3e1, 4], \"iscrowd\": 1, \"area\": 8},\n"
	"{\"image_id\": \"two\", \"category_id\": 1, \"bbox\": [0, 0, 9, 9]}]}";

static const char voc[] =
	"<annotation><folder>x</folder><filename>one.jpg</filename><size>"
	"<width>64</width><height>48</height><depth>3</depth></size>\n"
	"<object><name>cat &amp; dog</name><difficult>1</difficult><bndbox>"
	"<xmin>1</xmin><ymin>2</ymin><xmax>30.5</xmax><ymax>40</ymax></bndbox>"
	"<part><name>head</name><bndbox><xmin>1</xmin></bndbox></part>"
	"<attributes><attribute><name>far</name><value>7</value></attribute>"
	"</attributes></object></annotation>";

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char yolo[] = "0 0.5 0.5 0.25 0.25\n1 0.1 0.2 0.05 0.1 "
				   "0.9\n2 0.1 0.1 0.2 0.2 0.3 0.1\n\0"
				   "path: .\nnc: 3\nnames: [bird, cat, dog]\n";
	static const char by_id[] = "1 0.5 0.5 1 1\n\0names:\n  0: bird\n"
				    "  1: 'a cat'\n";

	(void)argc;
	(void)argv;
	if (!fuzz_seeds())
		return 0;
	fuzz_seed_text("coco", coco);
	fuzz_seed_text("coco-empty", "{\"images\": [], \"annotations\": []}");
	fuzz_seed_text("voc", voc);
	fuzz_seed("yolo", yolo, sizeof(yolo) - 1);
	fuzz_seed("yolo-by-id", by_id, sizeof(by_id) - 1);
	fuzz_seed_text("csv", "photo,class\na/one.jpg,cat\n\"two,2.jpg\","
			      "\"a \"\"big\"\" dog\"\nthree.png,7\r\n");
	fuzz_seed_text("bom", "\xef\xbb\xbfone.jpg,3\ntwo.jpg,4\n");
	return 0;
}

typedef int labels_reader(struct annotations *a, const char *path,
			  struct diag *d);

static void read_with(labels_reader *read, const char *path)
{
	struct annotations a = { 0 };
	struct diag d;

	diag_init(&d);
	if (read(&a, path, &d)) {
		if (d.errors != 1)
			abort();
	} else {
		annotations_of(&a, "a/one.jpg");
		annotations_of(&a, "photo.jpg");
	}
	annotations_free(&a);
	diag_free(&d);
}

static void read_path(const char *path)
{
	read_with(annotations_read, path);
}

static void read_folder_of(const char *file)
{
	char folder[512];

	snprintf(folder, sizeof(folder), "%s", file);
	*strrchr(folder, '/') = 0;
	read_path(folder);
}

static void read_yolo(const uint8_t *data, size_t bytes)
{
	const uint8_t *end = memchr(data, 0, bytes);
	size_t length = end ? (size_t)(end - data) : bytes;
	size_t rest = end ? bytes - length - 1 : 0;

	fuzz_file("yolo/photo.txt", data, length);
	read_folder_of(fuzz_file("yolo/data.yaml", data + bytes - rest, rest));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	uint8_t first = bytes ? *data : 0;

	if (first == '{' || first == '[')
		read_path(fuzz_file("coco.json", data, bytes));
	else if (first == '<')
		read_folder_of(fuzz_file("voc/photo.xml", data, bytes));
	else if (first >= '0' && first <= '9')
		read_yolo(data, bytes);
	else {
		read_path(fuzz_file("classes.csv", data, bytes));
		read_with(annotations_read_photos,
			  fuzz_file("classes.csv", data, bytes));
	}
	return 0;
}
