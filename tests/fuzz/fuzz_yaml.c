// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <stdint.h>

#include "util/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A tree or a reason, never both and never neither; and every place is inside the text. */
static void check(const struct yaml_node *node, size_t size)
{
	assert(node->line >= 1 && node->line <= size + 1);
	assert(node->column >= 1 && node->column <= size + 1);
	assert(node->kind != YAML_SCALAR || node->text);
	yaml_for_each (child, node) {
		assert(!child->key == (node->kind == YAML_SEQUENCE));
		check(child, size);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(diag_donep) struct diag diag = {};
	_cleanup_(yaml_tree_freep) struct yaml_node *tree = NULL, *copy = NULL;
	int r = yaml_parse("f", (const char *)data, size, 1, &tree, &diag);

	assert(!r == !!tree && !r == !diag.errors);
	if (tree) {
		check(tree, size);
		copy = yaml_copy(tree);
		check(copy, size);
	}
	return 0;
}
