"""Wrong solutions of "What carries over", and the misconception behind each."""

from autograder.authoring import mutant

# ---------------------------------------------------------------- embedding_similarity_gap


@mutant("embedding_similarity_gap", caught_by="test_no_text_is_paired_with_itself", says="counts each text as its own neighbour")
def self_pairs_counted(features, labels):
    """The diagonal of the table counts as pairs within classes."""
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    cosine = unit @ unit.T
    same = labels[:, None] == labels[None, :]
    return float(cosine[same].mean() - cosine[~same].mean())


@mutant("embedding_similarity_gap", caught_by="test_only_directions_count", says="made of dot products")
def dot_products(features, labels):
    """Takes the dot product for the cosine."""
    table = features @ features.T
    same = labels[:, None] == labels[None, :]
    itself = np.eye(len(labels), dtype=bool)
    return float(table[same & ~itself].mean() - table[~same].mean())


@mutant("embedding_similarity_gap", caught_by="test_only_directions_count", says="the columns were brought to length 1")
def columns_normalised(features, labels):
    """Normalises along the wrong axis."""
    unit = features / np.linalg.norm(features, axis=0)
    table = unit @ unit.T
    same = labels[:, None] == labels[None, :]
    itself = np.eye(len(labels), dtype=bool)
    return float(np.clip(table[same & ~itself].mean() - table[~same].mean(), -2, 2))


@mutant("embedding_similarity_gap", caught_by="test_within_minus_between", says="the mean between classes alone")
def between_classes_only(features, labels):
    """Leaves out the mean within classes."""
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    return float((unit @ unit.T)[labels[:, None] != labels[None, :]].mean())


@mutant("embedding_similarity_gap", caught_by="test_within_minus_between", says="the mean within classes alone")
def within_classes_only(features, labels):
    """Leaves out the mean between classes."""
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    same = labels[:, None] == labels[None, :]
    return float((unit @ unit.T)[same & ~np.eye(len(labels), dtype=bool)].mean())


@mutant("embedding_similarity_gap", caught_by="test_within_minus_between", says="the sign is turned round")
def distances_for_similarities(features, labels):
    """Uses cosine distances, and so turns the sign round."""
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    distance = 1 - unit @ unit.T
    same = labels[:, None] == labels[None, :]
    itself = np.eye(len(labels), dtype=bool)
    return float(distance[same & ~itself].mean() - distance[~same].mean())


@mutant("embedding_similarity_gap", caught_by="test_every_pair_counts_the_same", says="first a mean for each class")
def mean_of_class_means(features, labels):
    """A mean for each class, then a mean over the classes."""
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    cosine = unit @ unit.T
    within = []
    for name in np.unique(labels):
        rows = np.flatnonzero(labels == name)
        if len(rows) > 1:
            table = cosine[np.ix_(rows, rows)]
            within.append(table[np.triu_indices(len(rows), k=1)].mean())
    return float(np.mean(within) - cosine[labels[:, None] != labels[None, :]].mean())


@mutant("embedding_similarity_gap", caught_by="test_every_pair_counts_the_same", says="A mean of cosines isn't the cosine of means")
def centres_compared(features, labels):
    """Compares the centres of the classes."""
    names = np.unique(labels)
    centres = [features[labels == name].mean(axis=0) for name in names]
    unit = [c / np.linalg.norm(c) for c in centres]
    between = [unit[i] @ unit[j] for i in range(len(names)) for j in range(i)]
    return float(1 - np.mean(between))


@mutant("embedding_similarity_gap", caught_by="test_any_number_of_classes", says="ask of each pair whether the two are equal")
def classes_zero_and_one(features, labels):
    """Takes for granted that the classes are 0 and 1."""
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    cosine = unit @ unit.T
    zero, one = np.flatnonzero(labels == labels.min()), np.flatnonzero(labels != labels.min())
    within = [cosine[i, j] for rows in (zero, one) for i in rows for j in rows if i < j]
    return float(np.mean(within) - cosine[np.ix_(zero, one)].mean())


@mutant("embedding_similarity_gap", caught_by="test_equal_texts_are_a_pair", says="not by a cosine of 1")
def equal_rows_left_out(features, labels):
    """Tells a row and itself by their cosine, and loses equal texts."""
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    cosine = unit @ unit.T
    same = labels[:, None] == labels[None, :]
    return float(cosine[same & (cosine < 1 - 1e-6)].mean() - cosine[~same].mean())


@mutant("embedding_similarity_gap", caught_by="test_equal_texts_are_a_pair", says="changed an array that it was given")
def normalised_in_place(features, labels):
    """Normalises the caller's array."""
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    cosine = features @ features.T
    same = labels[:, None] == labels[None, :]
    itself = np.eye(len(labels), dtype=bool)
    return float(cosine[same & ~itself].mean() - cosine[~same].mean())


# ---------------------------------------------------------------- extract_features


@mutant("extract_features", caught_by="test_row_i_belongs_to_text_i", says="in another order")
def sorted_and_not_put_back(model, tokenizer, texts, batch_size):
    """Sorts by length to save padding, and forgets to undo it."""
    texts = sorted(texts, key=len)
    mode = model.training
    model.eval()
    found = [torch.empty(0, model.config.hidden_size)]
    with torch.no_grad():
        for start in range(0, len(texts), batch_size):
            batch = tokenizer(texts[start : start + batch_size], padding=True, truncation=True, return_tensors="pt")
            mask = batch["attention_mask"].unsqueeze(-1)
            found.append((model(**batch).last_hidden_state * mask).sum(1) / mask.sum(1))
    model.train(mode)
    return torch.cat(found)


@mutant("extract_features", caught_by="test_dropout_is_off", says="dropout was at work")
def dropout_on(model, tokenizer, texts, batch_size):
    """Takes `no_grad` for evaluation mode."""
    found = [torch.empty(0, model.config.hidden_size)]
    with torch.no_grad():
        for start in range(0, len(texts), batch_size):
            batch = tokenizer(texts[start : start + batch_size], padding=True, truncation=True, return_tensors="pt")
            mask = batch["attention_mask"].unsqueeze(-1)
            found.append((model(**batch).last_hidden_state * mask).sum(1) / mask.sum(1))
    return torch.cat(found)


@mutant("extract_features", caught_by="test_dropout_is_off", says="left the model in evaluation mode")
def mode_not_put_back(model, tokenizer, texts, batch_size):
    """Leaves the model in evaluation mode."""
    model.eval()
    found = [torch.empty(0, model.config.hidden_size)]
    with torch.no_grad():
        for start in range(0, len(texts), batch_size):
            batch = tokenizer(texts[start : start + batch_size], padding=True, truncation=True, return_tensors="pt")
            mask = batch["attention_mask"].unsqueeze(-1)
            found.append((model(**batch).last_hidden_state * mask).sum(1) / mask.sum(1))
    return torch.cat(found)


@mutant("extract_features", caught_by="test_dropout_is_off", says="left the model in training mode")
def always_back_to_training(model, tokenizer, texts, batch_size):
    """Puts every model into training mode afterwards."""
    model.eval()
    found = [torch.empty(0, model.config.hidden_size)]
    with torch.no_grad():
        for start in range(0, len(texts), batch_size):
            batch = tokenizer(texts[start : start + batch_size], padding=True, truncation=True, return_tensors="pt")
            mask = batch["attention_mask"].unsqueeze(-1)
            found.append((model(**batch).last_hidden_state * mask).sum(1) / mask.sum(1))
    model.train()
    return torch.cat(found)


@mutant("extract_features", caught_by="test_no_text_is_lost", says="what does your loop do with the last batch")
def last_batch_lost(model, tokenizer, texts, batch_size):
    """Counts whole batches only."""
    mode = model.training
    model.eval()
    found = [torch.empty(0, model.config.hidden_size)]
    with torch.no_grad():
        for number in range(len(texts) // batch_size):
            batch = tokenizer(texts[number * batch_size : (number + 1) * batch_size], padding=True, truncation=True, return_tensors="pt")
            mask = batch["attention_mask"].unsqueeze(-1)
            found.append((model(**batch).last_hidden_state * mask).sum(1) / mask.sum(1))
    model.train(mode)
    return torch.cat(found)


@mutant("extract_features", caught_by="test_no_gradients", says="requires a gradient")
def gradients_kept(model, tokenizer, texts, batch_size):
    """Takes evaluation mode for `no_grad`."""
    mode = model.training
    model.eval()
    found = [torch.empty(0, model.config.hidden_size)]
    for start in range(0, len(texts), batch_size):
        batch = tokenizer(texts[start : start + batch_size], padding=True, truncation=True, return_tensors="pt")
        mask = batch["attention_mask"].unsqueeze(-1)
        found.append((model(**batch).last_hidden_state * mask).sum(1) / mask.sum(1))
    model.train(mode)
    return torch.cat(found)


@mutant("extract_features", caught_by="test_no_gradients", says="changed `requires_grad`")
def whole_model_frozen(model, tokenizer, texts, batch_size):
    """Switches the weights' own flags to be rid of gradients."""
    mode = model.training
    model.eval()
    model.requires_grad_(False)
    found = [torch.empty(0, model.config.hidden_size)]
    for start in range(0, len(texts), batch_size):
        batch = tokenizer(texts[start : start + batch_size], padding=True, truncation=True, return_tensors="pt")
        mask = batch["attention_mask"].unsqueeze(-1)
        found.append((model(**batch).last_hidden_state * mask).sum(1) / mask.sum(1))
    model.train(mode)
    model.requires_grad_(True)
    return torch.cat(found)


@mutant("extract_features", caught_by="test_padding_counts_for_nothing", says="averaged padding in")
def padding_averaged_in(model, tokenizer, texts, batch_size):
    """A mean over all places, padding too."""
    mode = model.training
    model.eval()
    found = [torch.empty(0, model.config.hidden_size)]
    with torch.no_grad():
        for start in range(0, len(texts), batch_size):
            batch = tokenizer(texts[start : start + batch_size], padding=True, truncation=True, return_tensors="pt")
            found.append(model(**batch).last_hidden_state.mean(dim=1))
    model.train(mode)
    return torch.cat(found)


@mutant("extract_features", caught_by="test_padding_counts_for_nothing", says="divided by the length with padding")
def divided_by_the_padded_length(model, tokenizer, texts, batch_size):
    """Masks the sum, and takes the mean over all places all the same."""
    mode = model.training
    model.eval()
    found = [torch.empty(0, model.config.hidden_size)]
    with torch.no_grad():
        for start in range(0, len(texts), batch_size):
            batch = tokenizer(texts[start : start + batch_size], padding=True, truncation=True, return_tensors="pt")
            found.append((model(**batch).last_hidden_state * batch["attention_mask"].unsqueeze(-1)).mean(dim=1))
    model.train(mode)
    return torch.cat(found)


@mutant("extract_features", caught_by="test_padding_counts_for_nothing", says="the attention mask must go into the model")
def model_not_told_of_padding(model, tokenizer, texts, batch_size):
    """Gives the model the ids alone."""
    mode = model.training
    model.eval()
    found = [torch.empty(0, model.config.hidden_size)]
    with torch.no_grad():
        for start in range(0, len(texts), batch_size):
            batch = tokenizer(texts[start : start + batch_size], padding=True, truncation=True, return_tensors="pt")
            mask = batch["attention_mask"].unsqueeze(-1)
            found.append((model(input_ids=batch["input_ids"]).last_hidden_state * mask).sum(1) / mask.sum(1))
    model.train(mode)
    return torch.cat(found)


@mutant("extract_features", caught_by="test_a_vector_is_a_mean_of_tokens", says="the state of the first token")
def first_token(model, tokenizer, texts, batch_size):
    """Takes [CLS] for a summary of the text."""
    mode = model.training
    model.eval()
    found = [torch.empty(0, model.config.hidden_size)]
    with torch.no_grad():
        for start in range(0, len(texts), batch_size):
            batch = tokenizer(texts[start : start + batch_size], padding=True, truncation=True, return_tensors="pt")
            found.append(model(**batch).last_hidden_state[:, 0])
    model.train(mode)
    return torch.cat(found)


@mutant("extract_features", caught_by="test_a_vector_is_a_mean_of_tokens", says="the pooler's output")
def pooler_output(model, tokenizer, texts, batch_size):
    """Takes what is called pooled for what is asked."""
    mode = model.training
    model.eval()
    found = [torch.empty(0, model.config.hidden_size)]
    with torch.no_grad():
        for start in range(0, len(texts), batch_size):
            batch = tokenizer(texts[start : start + batch_size], padding=True, truncation=True, return_tensors="pt")
            found.append(model(**batch).pooler_output)
    model.train(mode)
    return torch.cat(found)


@mutant("extract_features", caught_by="test_a_vector_is_a_mean_of_tokens", says="brought each vector to length 1")
def brought_to_length_one(model, tokenizer, texts, batch_size):
    """Normalises after pooling, as one does before a search by cosine."""
    mode = model.training
    model.eval()
    found = [torch.empty(0, model.config.hidden_size)]
    with torch.no_grad():
        for start in range(0, len(texts), batch_size):
            batch = tokenizer(texts[start : start + batch_size], padding=True, truncation=True, return_tensors="pt")
            mask = batch["attention_mask"].unsqueeze(-1)
            found.append((model(**batch).last_hidden_state * mask).sum(1) / mask.sum(1))
    model.train(mode)
    return torch.nn.functional.normalize(torch.cat(found), dim=1)


@mutant("extract_features", caught_by="test_no_texts", says="What does your code join when there was no batch")
def nothing_to_join(model, tokenizer, texts, batch_size):
    """Joins an empty list when there are no texts."""
    mode = model.training
    model.eval()
    found = []
    with torch.no_grad():
        for start in range(0, len(texts), batch_size):
            batch = tokenizer(texts[start : start + batch_size], padding=True, truncation=True, return_tensors="pt")
            mask = batch["attention_mask"].unsqueeze(-1)
            found.append((model(**batch).last_hidden_state * mask).sum(1) / mask.sum(1))
    model.train(mode)
    return torch.cat(found)


@mutant("extract_features", caught_by="test_batches_are_no_larger_than_asked", says="ten thousand at once")
def all_at_once(model, tokenizer, texts, batch_size):
    """Doesn't look at batch_size."""
    if not texts:
        return torch.empty(0, model.config.hidden_size)
    mode = model.training
    model.eval()
    with torch.no_grad():
        batch = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
        mask = batch["attention_mask"].unsqueeze(-1)
        vectors = (model(**batch).last_hidden_state * mask).sum(1) / mask.sum(1)
    model.train(mode)
    return vectors


@mutant("extract_features", caught_by="test_long_texts_are_cut", says="Tell the tokenizer to cut")
def never_cut(model, tokenizer, texts, batch_size):
    """Forgets truncation: some models raise an error at long texts, others read on where they were never trained."""
    mode = model.training
    model.eval()
    found = [torch.empty(0, model.config.hidden_size)]
    with torch.no_grad():
        for start in range(0, len(texts), batch_size):
            batch = tokenizer(texts[start : start + batch_size], padding=True, return_tensors="pt")
            mask = batch["attention_mask"].unsqueeze(-1)
            found.append((model(**batch).last_hidden_state * mask).sum(1) / mask.sum(1))
    model.train(mode)
    return torch.cat(found)


# ---------------------------------------------------------------- linear_probe


@mutant("linear_probe", caught_by="test_the_scaler_knows_the_training_set_alone", says="on training and test rows together")
def scaler_on_everything(train_x, train_y, test_x, c, seed):
    """Fits the scaler on both sets."""
    scaler = StandardScaler().fit(np.concatenate([train_x, test_x]))
    probe = LogisticRegression(C=c, max_iter=10_000).fit(scaler.transform(train_x), train_y)
    return probe.predict(scaler.transform(test_x))


@mutant("linear_probe", caught_by="test_the_scaler_knows_the_training_set_alone", says="a scaler of its own")
def a_scaler_for_each(train_x, train_y, test_x, c, seed):
    """Uses the test set's own statistics."""
    probe = LogisticRegression(C=c, max_iter=10_000).fit(StandardScaler().fit_transform(train_x), train_y)
    return probe.predict(StandardScaler().fit_transform(test_x))


@mutant("linear_probe", caught_by="test_a_row_is_judged_by_itself", says="use the mean or the spread of test_x")
def test_mean_subtracted(train_x, train_y, test_x, c, seed):
    """Centres the test rows by their own mean, and divides by the training spread."""
    scaler = StandardScaler().fit(train_x)
    probe = LogisticRegression(C=c, max_iter=10_000).fit(scaler.transform(train_x), train_y)
    return probe.predict((test_x - test_x.mean(axis=0)) / scaler.scale_)


@mutant("linear_probe", caught_by="test_every_column_is_standardised", says="left the columns as they are")
def no_scaler(train_x, train_y, test_x, c, seed):
    """Fits on the features as they come."""
    return LogisticRegression(C=c, max_iter=10_000).fit(train_x, train_y).predict(test_x)


@mutant("linear_probe", caught_by="test_every_column_is_standardised", says="standardised train_x but not test_x")
def test_rows_left_raw(train_x, train_y, test_x, c, seed):
    """Forgets to transform the test rows."""
    probe = LogisticRegression(C=c, max_iter=10_000).fit(StandardScaler().fit_transform(train_x), train_y)
    return probe.predict(test_x)


@mutant("linear_probe", caught_by="test_one_class_for_each_row", says="probabilities or scores")
def probabilities_for_labels(train_x, train_y, test_x, c, seed):
    """Returns the probability of the second class."""
    scaler = StandardScaler().fit(train_x)
    probe = LogisticRegression(C=c, max_iter=10_000).fit(scaler.transform(train_x), train_y)
    return probe.predict_proba(scaler.transform(test_x))[:, 1]


@mutant("linear_probe", caught_by="test_one_class_for_each_row", says="the number of a column of scores")
def column_numbers_for_classes(train_x, train_y, test_x, c, seed):
    """Takes the place of the largest probability for the class."""
    scaler = StandardScaler().fit(train_x)
    probe = LogisticRegression(C=c, max_iter=10_000).fit(scaler.transform(train_x), train_y)
    return probe.predict_proba(scaler.transform(test_x)).argmax(axis=1)


@mutant("linear_probe", caught_by="test_c_is_the_inverse_of_the_penalty", says="c is the inverse")
def c_as_the_penalty(train_x, train_y, test_x, c, seed):
    """Takes c for the strength of the penalty."""
    scaler = StandardScaler().fit(train_x)
    probe = LogisticRegression(C=1 / c, max_iter=10_000).fit(scaler.transform(train_x), train_y)
    return probe.predict(scaler.transform(test_x))


@mutant("linear_probe", caught_by="test_c_is_the_inverse_of_the_penalty", says="Is c handed on")
def c_forgotten(train_x, train_y, test_x, c, seed):
    """Leaves C at its default."""
    scaler = StandardScaler().fit(train_x)
    probe = LogisticRegression(max_iter=10_000, random_state=seed).fit(scaler.transform(train_x), train_y)
    return probe.predict(scaler.transform(test_x))


@mutant("linear_probe", caught_by="test_the_intercept_is_free", says="kept out of the penalty")
def liblinear(train_x, train_y, test_x, c, seed):
    """The solver liblinear, which penalises the intercept."""
    from sklearn.multiclass import OneVsRestClassifier

    scaler = StandardScaler().fit(train_x)
    probe = LogisticRegression(C=c, solver="liblinear", max_iter=10_000, random_state=seed)
    return OneVsRestClassifier(probe).fit(scaler.transform(train_x), train_y).predict(scaler.transform(test_x))


@mutant("linear_probe", caught_by="test_the_intercept_is_free", says="no class is to be weighted")
def classes_balanced(train_x, train_y, test_x, c, seed):
    """Weighs the rare class up."""
    scaler = StandardScaler().fit(train_x)
    probe = LogisticRegression(C=c, class_weight="balanced", max_iter=10_000).fit(scaler.transform(train_x), train_y)
    return probe.predict(scaler.transform(test_x))


@mutant("linear_probe", caught_by="test_more_than_two_classes", says="not one classifier against the rest")
def one_against_the_rest(train_x, train_y, test_x, c, seed):
    """One classifier for each class."""
    from sklearn.multiclass import OneVsRestClassifier

    scaler = StandardScaler().fit(train_x)
    probe = OneVsRestClassifier(LogisticRegression(C=c, max_iter=10_000)).fit(scaler.transform(train_x), train_y)
    return probe.predict(scaler.transform(test_x))


@mutant("linear_probe", caught_by="test_the_minimum_is_reached", says="stopped before it had reached the minimum")
def stops_early(train_x, train_y, test_x, c, seed):
    """Leaves max_iter at its default, warning or not."""
    scaler = StandardScaler().fit(train_x)
    probe = LogisticRegression(C=c, random_state=seed).fit(scaler.transform(train_x), train_y)
    return probe.predict(scaler.transform(test_x))


@mutant("linear_probe", caught_by="test_a_column_that_is_constant", says="only centre it")
def divides_by_zero(train_x, train_y, test_x, c, seed):
    """Divides by every column's deviation, 0 or not."""
    middle, spread = train_x.mean(axis=0), train_x.std(axis=0)
    probe = LogisticRegression(C=c, max_iter=10_000).fit((train_x - middle) / spread, train_y)
    return probe.predict((test_x - middle) / spread)


@mutant("linear_probe", caught_by="test_equal_calls_give_equal_answers", says="global random state of numpy")
def seeds_the_world(train_x, train_y, test_x, c, seed):
    """Sets NumPy's global seed."""
    np.random.seed(seed)
    scaler = StandardScaler().fit(train_x)
    probe = LogisticRegression(C=c, max_iter=10_000).fit(scaler.transform(train_x), train_y)
    return probe.predict(scaler.transform(test_x))


@mutant("linear_probe", caught_by="test_equal_calls_give_equal_answers", says="in place")
def standardises_in_place(train_x, train_y, test_x, c, seed):
    """Writes into the caller's arrays."""
    middle, spread = train_x.mean(axis=0), train_x.std(axis=0)
    spread[spread == 0] = 1
    train_x -= middle
    train_x /= spread
    probe = LogisticRegression(C=c, max_iter=10_000).fit(train_x, train_y)
    return probe.predict((test_x - middle) / spread)


# ---------------------------------------------------------------- labels_saved


@mutant("labels_saved", caught_by="test_between_sizes_on_the_logarithm", says="interpolated on the size itself")
def linear_in_size(sizes, baseline, transfer, score):
    """Straight lines over the size."""
    if sizes[0] <= 0 or any(b <= a for a, b in zip(sizes, sizes[1:])):
        raise ValueError("sizes must rise")

    def needed(curve):
        if curve[0] >= score:
            return float(sizes[0]) if curve[0] == score else None
        for i in range(1, len(sizes)):
            if curve[i] >= score:
                return sizes[i - 1] + (sizes[i] - sizes[i - 1]) * (score - curve[i - 1]) / (curve[i] - curve[i - 1])
        return None

    b, t = needed(baseline), needed(transfer)
    return None if b is None or t is None else b - t


@mutant("labels_saved", caught_by="test_between_sizes_on_the_logarithm", says="a difference of logarithms")
def logarithms_not_turned_back(sizes, baseline, transfer, score):
    """Subtracts the logarithms."""
    if sizes[0] <= 0 or any(b <= a for a, b in zip(sizes, sizes[1:])):
        raise ValueError("sizes must rise")

    def needed(curve):
        if curve[0] >= score:
            return float(np.log10(sizes[0])) if curve[0] == score else None
        for i in range(1, len(sizes)):
            if curve[i] >= score:
                return float(np.interp(score, curve[i - 1 : i + 1], np.log10(sizes[i - 1 : i + 1])))
        return None

    b, t = needed(baseline), needed(transfer)
    return None if b is None or t is None else b - t


@mutant("labels_saved", caught_by="test_between_sizes_on_the_logarithm", says="a ratio")
def how_many_times(sizes, baseline, transfer, score):
    """Divides instead of subtracting."""
    if sizes[0] <= 0 or any(b <= a for a, b in zip(sizes, sizes[1:])):
        raise ValueError("sizes must rise")

    def needed(curve):
        if curve[0] >= score:
            return float(sizes[0]) if curve[0] == score else None
        for i in range(1, len(sizes)):
            if curve[i] >= score:
                return sizes[i - 1] * (sizes[i] / sizes[i - 1]) ** ((score - curve[i - 1]) / (curve[i] - curve[i - 1]))
        return None

    b, t = needed(baseline), needed(transfer)
    return None if b is None or t is None else b / t


@mutant("labels_saved", caught_by="test_nothing_is_known_outside", says="A curve says nothing outside")
def interp_clamps(sizes, baseline, transfer, score):
    """np.interp gives the end of the curve for whatever lies beyond it."""
    if sizes[0] <= 0 or any(b <= a for a, b in zip(sizes, sizes[1:])):
        raise ValueError("sizes must rise")
    b, t = (float(np.exp(np.interp(score, curve, np.log(sizes)))) for curve in (baseline, transfer))
    return b - t


@mutant("labels_saved", caught_by="test_nothing_is_known_outside", says="A curve says nothing outside")
def extrapolates(sizes, baseline, transfer, score):
    """Prolongs the last stretch beyond the last size, and the first below the first."""
    if sizes[0] <= 0 or any(b <= a for a, b in zip(sizes, sizes[1:])):
        raise ValueError("sizes must rise")

    def needed(curve):
        i = next((i for i in range(1, len(sizes)) if curve[i] >= score), len(sizes) - 1)
        if i == 0:
            return float(sizes[0])
        return float(sizes[i - 1] * (sizes[i] / sizes[i - 1]) ** ((score - curve[i - 1]) / (curve[i] - curve[i - 1])))

    return needed(baseline) - needed(transfer)


@mutant("labels_saved", caught_by="test_nothing_is_known_outside", says="passed before the first size")
def first_size_will_do(sizes, baseline, transfer, score):
    """Takes the first size when the curve is above the score from the start."""
    if sizes[0] <= 0 or any(b <= a for a, b in zip(sizes, sizes[1:])):
        raise ValueError("sizes must rise")

    def needed(curve):
        if curve[0] >= score:
            return float(sizes[0])
        for i in range(1, len(sizes)):
            if curve[i] >= score:
                return sizes[i - 1] * (sizes[i] / sizes[i - 1]) ** ((score - curve[i - 1]) / (curve[i] - curve[i - 1]))
        return None

    b, t = needed(baseline), needed(transfer)
    return None if b is None or t is None else b - t


@mutant("labels_saved", caught_by="test_saved_or_lost", says="the wrong way round")
def curves_swapped(sizes, baseline, transfer, score):
    """What transfer needs, minus what the baseline needs."""
    if sizes[0] <= 0 or any(b <= a for a, b in zip(sizes, sizes[1:])):
        raise ValueError("sizes must rise")

    def needed(curve):
        if curve[0] >= score:
            return float(sizes[0]) if curve[0] == score else None
        for i in range(1, len(sizes)):
            if curve[i] >= score:
                return sizes[i - 1] * (sizes[i] / sizes[i - 1]) ** ((score - curve[i - 1]) / (curve[i] - curve[i - 1]))
        return None

    b, t = needed(baseline), needed(transfer)
    return None if b is None or t is None else t - b


@mutant("labels_saved", caught_by="test_saved_or_lost", says="as if nothing were lost")
def never_negative(sizes, baseline, transfer, score):
    """Transfer that needs more labels saves none."""
    if sizes[0] <= 0 or any(b <= a for a, b in zip(sizes, sizes[1:])):
        raise ValueError("sizes must rise")

    def needed(curve):
        if curve[0] >= score:
            return float(sizes[0]) if curve[0] == score else None
        for i in range(1, len(sizes)):
            if curve[i] >= score:
                return sizes[i - 1] * (sizes[i] / sizes[i - 1]) ** ((score - curve[i - 1]) / (curve[i] - curve[i - 1]))
        return None

    b, t = needed(baseline), needed(transfer)
    return None if b is None or t is None else max(0.0, b - t)


@mutant("labels_saved", caught_by="test_curves_that_fall_in_places", says="The first time counts")
def last_crossing(sizes, baseline, transfer, score):
    """Goes through the sizes from the largest, or lets a later crossing overwrite the first."""
    if sizes[0] <= 0 or any(b <= a for a, b in zip(sizes, sizes[1:])):
        raise ValueError("sizes must rise")

    def needed(curve):
        found = float(sizes[0]) if curve[0] == score else None
        for i in range(1, len(sizes)):
            if curve[i - 1] < score <= curve[i]:
                found = sizes[i - 1] * (sizes[i] / sizes[i - 1]) ** ((score - curve[i - 1]) / (curve[i] - curve[i - 1]))
        return found

    b, t = needed(baseline), needed(transfer)
    return None if b is None or t is None else b - t


@mutant("labels_saved", caught_by="test_curves_that_fall_in_places", says="not at the last alone")
def judged_by_the_last_value(sizes, baseline, transfer, score):
    """Takes the last value for the highest, and says None when it is below the score."""
    if sizes[0] <= 0 or any(b <= a for a, b in zip(sizes, sizes[1:])):
        raise ValueError("sizes must rise")

    def needed(curve):
        if curve[0] >= score:
            return float(sizes[0]) if curve[0] == score else None
        if curve[-1] < score:
            return None
        i = next(i for i in range(1, len(sizes)) if curve[i] >= score)
        return sizes[i - 1] * (sizes[i] / sizes[i - 1]) ** ((score - curve[i - 1]) / (curve[i] - curve[i - 1]))

    b, t = needed(baseline), needed(transfer)
    return None if b is None or t is None else b - t


@mutant("labels_saved", caught_by="test_the_ends_belong_to_the_curve", says="exactly at the score at its first size")
def ends_left_out(sizes, baseline, transfer, score):
    """Strictly between the ends only."""
    if sizes[0] <= 0 or any(b <= a for a, b in zip(sizes, sizes[1:])):
        raise ValueError("sizes must rise")

    def needed(curve):
        for i in range(1, len(sizes)):
            if curve[0] < score and curve[i] >= score:
                return sizes[i - 1] * (sizes[i] / sizes[i - 1]) ** ((score - curve[i - 1]) / (curve[i] - curve[i - 1]))
        return float(sizes[1]) if len(sizes) > 1 and curve[0] == score else float(sizes[0]) if curve[0] == score else None

    b, t = needed(baseline), needed(transfer)
    return None if b is None or t is None else b - t


@mutant("labels_saved", caught_by="test_level_stretches", says="Between two equal scores nothing rises")
def divides_by_a_level_stretch(sizes, baseline, transfer, score):
    """Looks for the stretch that holds the score, and takes a level one."""
    if sizes[0] <= 0 or any(b <= a for a, b in zip(sizes, sizes[1:])):
        raise ValueError("sizes must rise")

    def needed(curve):
        if curve[0] >= score:
            return float(sizes[0]) if curve[0] == score else None
        shares = [(score - a) / (b - a) for a, b in zip(curve, curve[1:])]
        for i, share in enumerate(shares):
            if 0 < share <= 1:
                return sizes[i] * (sizes[i + 1] / sizes[i]) ** share
        return None

    b, t = needed(baseline), needed(transfer)
    return None if b is None or t is None else b - t


@mutant("labels_saved", caught_by="test_sizes_must_rise", says="have no place on a logarithmic axis")
def any_sizes(sizes, baseline, transfer, score):
    """Doesn't look at the sizes."""

    def needed(curve):
        if curve[0] >= score:
            return float(sizes[0]) if curve[0] == score else None
        for i in range(1, len(sizes)):
            if curve[i] >= score:
                try:
                    return sizes[i - 1] * (sizes[i] / sizes[i - 1]) ** ((score - curve[i - 1]) / (curve[i] - curve[i - 1]))
                except ZeroDivisionError:
                    return None
        return None

    b, t = needed(baseline), needed(transfer)
    return None if b is None or t is None else b - t
