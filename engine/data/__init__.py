"""Where bars and series come from: files, vendors, the sample; checked, cached, known when published."""
