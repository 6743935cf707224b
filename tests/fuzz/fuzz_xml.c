// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "aws/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Opens and closes match, names are never empty, and the end is the end. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(xml_donep) struct xml x;
	unsigned int depth = 0;
	enum xml_token t;

	xml_init(&x, (const char *)data, size);
	do {
		t = xml_next(&x);
		if (t == XML_OPEN)
			depth++;
		if (t == XML_TEXT)
			assert(x.text.len && depth && strlen(x.text.data) == x.text.len);
		if (t == XML_OPEN || t == XML_CLOSE)
			assert(depth && x.path.len && strlen(x.path.data) <= x.path.len);
		if (t == XML_CLOSE)
			depth--;
		assert(depth <= XML_DEPTH_MAX);
	} while (t != XML_DONE && t != XML_BAD);
	assert(t == XML_BAD || !depth);
	assert(xml_next(&x) == t);
	return 0;
}
