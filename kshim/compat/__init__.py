"""What lets programs that know nothing of kshim run on it: redirected imports, old module paths, a stand-in for TensorFlow."""
