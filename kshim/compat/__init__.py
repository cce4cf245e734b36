"""What lets any Keras program run on kshim: redirected imports, old module paths, a stand-in tensorflow."""
